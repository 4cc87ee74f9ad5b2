"""What Suar is made of, and what no input may do to it: `make audit` runs all of it, the gate a part that takes seconds.

The programs of the audit run in an environment of their own (`deploy/audit/requirements.lock`); what is measured is `.venv`.
"""
