"""Image quality in a workspace: phantom images come, are measured, judged, kept and told of."""
