"""CT: series, and irradiation events from images, dose sequences and dose reports."""
