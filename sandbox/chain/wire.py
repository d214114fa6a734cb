"""Owns the JSON of transactions in tonapi's words and in the sandbox's own; must not decide anything."""

from sandbox.chain.address import Address
from sandbox.chain.model import Message, Outcome, Transaction

_FEE_NANO = 223_223
_BLOCK_LT = 1_000_000
_EMPTY_STATE = "0" * 64


def transaction(step: Transaction) -> dict[str, object]:
    """Write a transaction as `/v2/blockchain/...` does; amounts are JSON integers in nano."""
    answer: dict[str, object] = {
        "hash": step.hash,
        "lt": step.lt,
        "account": _account(step.account),
        "success": step.outcome.success,
        "utime": step.utime,
        "orig_status": step.outcome.status,
        "end_status": step.outcome.status,
        "total_fees": _FEE_NANO,
        "end_balance": step.end_balance,
        "transaction_type": "TransOrd",
        "state_update_old": step.previous[1] if step.previous else _EMPTY_STATE,
        "state_update_new": step.hash,
        "in_msg": _message(step.in_msg),
        "out_msgs": [_message(message) for message in step.out_msgs],
        "block": f"(0,e000000000000000,{step.lt // _BLOCK_LT})",
        **_phases(step.outcome, step.in_msg.value, len(step.out_msgs)),
        "aborted": step.outcome.aborted,
        "destroyed": False,
        "raw": "",
    }
    if step.previous:
        answer["prev_trans_lt"], answer["prev_trans_hash"] = step.previous
    return answer


def summary(step: Transaction) -> dict[str, object]:
    """Write a transaction the way the sandbox's page shows it; the amount is text, exact in any reader."""
    source = step.in_msg.source
    return {
        "hash": step.hash,
        "lt": step.lt,
        "utime": step.utime,
        "from": source.friendly() if source else None,
        "to": step.account.friendly(),
        "value_nano": str(step.in_msg.value),
        "comment": step.in_msg.body.text,
    }


def _account(address: Address) -> dict[str, object]:
    return {"address": address.raw, "is_scam": False, "is_wallet": True}


def _message(message: Message) -> dict[str, object]:
    answer: dict[str, object] = {
        "msg_type": "int_msg" if message.source else "ext_in_msg",
        "created_lt": message.created_lt if message.source else 0,
        "ihr_disabled": True,
        "bounce": message.bounce,
        "bounced": message.bounced,
        "value": message.value,
        "fwd_fee": 266_669,
        "ihr_fee": 0,
        "destination": _account(message.destination),
        "import_fee": 0,
        "created_at": message.created_at,
        "hash": message.hash,
    }
    body = message.body
    optional = {
        "source": _account(message.source) if message.source else None,
        "op_code": body.op_code,
        "raw_body": body.raw,
        "decoded_op_name": body.op_name,
        "decoded_body": body.decoded,
    }
    return answer | {name: value for name, value in optional.items() if value is not None}


def _phases(outcome: Outcome, credit: int, actions: int) -> dict[str, object]:
    phases: dict[str, object] = {
        "storage_phase": {"fees_collected": 23, "status_change": "acst_unchanged"},
        "credit_phase": {"fees_collected": 0, "credit": credit},
    }
    if outcome.skip_reason:
        phases["compute_phase"] = {"skipped": True, "skip_reason": outcome.skip_reason}
    else:
        phases["compute_phase"] = {
            "skipped": False,
            "success": True,
            "gas_fees": 223_200,
            "gas_used": 558,
            "vm_steps": 7,
            "exit_code": 0,
            "exit_code_description": "Ok",
        }
        phases["action_phase"] = {
            "success": True,
            "result_code": 0,
            "total_actions": actions,
            "skipped_actions": 0,
            "fwd_fees": 0,
            "total_fees": 0,
        }
    if outcome.bounce_phase:
        phases["bounce_phase"] = outcome.bounce_phase
    return phases
