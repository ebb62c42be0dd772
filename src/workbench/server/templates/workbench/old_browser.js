// Only a browser without JavaScript modules runs this, so it is written as they read it.
document.getElementById("old-browser").hidden = false;
