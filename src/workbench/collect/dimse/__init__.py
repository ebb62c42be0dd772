"""DICOM network services (PS3.7): associations, C-MOVE, C-GET, and the receiver of C-STORE."""
