"""One Firestore commit: writes with preconditions, and their refusals in the program's words."""

from typing import TYPE_CHECKING, Any

from ohmyagent.adapters.writes import Write
from ohmyagent.ports import Document

if TYPE_CHECKING:
    from google.cloud.firestore import DocumentReference
    from google.cloud.firestore_v1.types import Precondition
    from google.cloud.firestore_v1.types import Write as WritePb


def precondition(path: str, write: Write, read: dict[str, Any]) -> "Precondition | None":
    """What must hold for this write at commit.

    `read` has the update times of what the transaction read, None for what it found missing.
    """
    from google.cloud.firestore_v1.types import Precondition

    if path not in read:
        return {"create": Precondition(exists=False), "update": Precondition(exists=True)}.get(write.kind)
    return Precondition(exists=False) if read[path] is None else Precondition(update_time=read[path])


def write_of(reference: "DocumentReference", kind: str, data: Document, current: "Precondition | None") -> "WritePb":
    from google.cloud.firestore_v1 import _helpers
    from google.cloud.firestore_v1.types import Document as DocumentPb
    from google.cloud.firestore_v1.types import DocumentMask
    from google.cloud.firestore_v1.types import Write as WritePb

    name = reference._document_path
    if kind == "delete":
        return WritePb(delete=name, current_document=current)
    document = DocumentPb(name=name, fields=_helpers.encode_dict(data))
    mask = DocumentMask(field_paths=sorted(data)) if kind == "update" else None
    return WritePb(update=document, update_mask=mask, current_document=current)


def verification(reference: "DocumentReference", update_time: Any) -> "WritePb":
    """A write that changes nothing: an update of no field, or the deletion of what is not there."""
    from google.cloud.firestore_v1.types import Document as DocumentPb
    from google.cloud.firestore_v1.types import DocumentMask, Precondition
    from google.cloud.firestore_v1.types import Write as WritePb

    name = reference._document_path
    if update_time is None:
        return WritePb(delete=name, current_document=Precondition(exists=False))
    current = Precondition(update_time=update_time)
    return WritePb(update=DocumentPb(name=name), update_mask=DocumentMask(), current_document=current)
