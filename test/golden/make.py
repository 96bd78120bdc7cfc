"""Makes every golden file: runs each script beside this one with the Python that runs it."""
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).parent
for script in sorted(here.glob("*.py")):
    if script.name != "make.py":
        print(script.name, flush=True)
        subprocess.run([sys.executable, str(script)], check=True)
