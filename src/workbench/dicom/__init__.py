"""Reading DICOM headers safely: files, folders, DICOMDIRs, zips and received objects.

``read`` turns bytes into a header or says why not; ``walk`` checks their structure first;
``record`` turns a header into DICOM JSON and a row of the instance table; ``files`` finds
the objects in what a user names; ``reader`` reads many and remembers what neighbours share.
Whoever imports this package has pydicom set up (``process``).
"""

from workbench.dicom.process import quiet_pydicom

quiet_pydicom()
