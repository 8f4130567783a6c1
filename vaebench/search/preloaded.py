"""What workers need, seconds of imports, loaded by the process that they are forked from: once for all of them.

The garbage collector rests meanwhile, or it would look through all that was imported again and again, for a fifth of
the time. What is imported stays: frozen, the workers' collectors never touch it, and so share its memory.
"""

import contextlib
import gc
import importlib

gc.disable()
for name in ("vaebench.tf_import", "distributed", "sklearn.mixture", "scipy.stats", "vaebench.cli"):
    with contextlib.suppress(ImportError):  # whoever needs it says so
        importlib.import_module(name)
gc.freeze()
gc.enable()
