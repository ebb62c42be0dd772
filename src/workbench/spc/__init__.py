"""Statistical process control: baselines, control limits, charts and rules."""
