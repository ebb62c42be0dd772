"""Reading DICOM headers safely: files, folders, DICOMDIRs, zips and received objects.

``read`` turns bytes into a header or says why not; ``walk`` checks their structure first;
``record`` turns a header into DICOM JSON and a row of the instance table; ``files`` finds
the objects in what a user names.
"""
