"""What a recipient's signed receipt becomes in the ledger."""

from __future__ import annotations

from broker.entries import Enrolled
from broker.log import Record
from schemas.errors import Code, EventRefused
from schemas.hop import AuditorPart, Step
from schemas.receipt import verify_receipt


def receipt_part(record: Record, agency: Enrolled) -> AuditorPart:
    """The hop of a receipt; one that is not the agency's own is a refused one.

    Whatever an agency sends, it never raises: no receipt may stop the node for the others.
    """
    place = f"{record.topic}/{record.partition}/{record.offset}"
    try:
        receipt = verify_receipt(
            record.value or b"", agency.verifier(record.append_time_ms), issuer=agency.name
        )
    except EventRefused as refused:
        code = refused.code
    except Exception:  # noqa: BLE001 - bytes from outside; the hop says that they were refused
        code = Code.INTERNAL
    else:
        return AuditorPart(
            step=receipt.step,
            time_ms=record.append_time_ms,
            source=place,
            publisher=agency.name,
            recipient=agency.name,
            delivery_id=receipt.delivery_id,
        )
    return AuditorPart(
        step=Step.REFUSED,
        time_ms=record.append_time_ms,
        source=place,
        publisher=agency.name,
        code=code,
    )
