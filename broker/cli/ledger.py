"""`caseward ledger verify|prove|export`: what an outsider can check."""

from __future__ import annotations

from pathlib import Path

import click

from broker.cli.common import DONE, NO, Unusable, ends_well, json_option, run, say, setting
from broker.evidence import export_for_auditor, prove_delivery
from broker.ledger_verify import verify_directory
from broker.node import Node
from broker.session import client_of, in_process
