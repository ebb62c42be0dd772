"""The work on a workspace, one module a stage; start reading at ``stages.line``."""
