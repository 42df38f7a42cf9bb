/** Files that go with the next message: dropped, pasted or chosen; each with its progress and a way to take it back. */

import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../language";
import { size } from "../parts/facts";
import { Icon } from "../parts/icon";
import { Problem } from "../problem";
import { largestUpload } from "../state";
import { upload } from "./routes";
import type { Upload } from "./types";

interface Attached {
  key: number;
  name: string;
  /** 0 to 1. */
  progress: number;
  made: Upload | null;
  wrong: string | null;
  abort: AbortController;
}

export interface Files {
  items: Attached[];
  isBusy: boolean;
  isOver: boolean;
  add: (files: Iterable<File>) => void;
  remove: (key: number) => void;
  /** Those that are there, for a message that goes now. */
  takeAll: () => Upload[];
  dropping: {
    onDragOver?: (event: DragEvent) => void;
    onDragLeave?: () => void;
    onDrop?: (event: DragEvent) => void;
  };
  pasting: ((event: ClipboardEvent) => void) | undefined;
}

let lastKey = 0;

export function useAttachments(place: string): Files {
  const [items, setItems] = useState<Attached[]>([]);
  const [isOver, setOver] = useState(false);
  const present = useRef(items);
  present.current = items;
  const change = (key: number, part: Partial<Attached>) =>
    setItems((before) => before.map((item) => (item.key === key ? { ...item, ...part } : item)));
  useEffect(
    () => () => {
      for (const item of present.current) item.abort.abort();
      setItems([]);
    },
    [place],
  );

  const add = (files: Iterable<File>) => {
    for (const file of files) {
      lastKey += 1;
      const item = begun(lastKey, file);
      setItems((before) => [...before, item]);
      if (item.wrong === null) {
        upload(file, (progress) => change(item.key, { progress }), item.abort.signal).then(
          (made) => change(item.key, { made, progress: 1 }),
          (error: unknown) => change(item.key, { wrong: wordsOf(error) }),
        );
      }
    }
  };
  const offered = largestUpload.value !== null;
  return {
    items,
    isOver,
    isBusy: items.some((item) => item.made === null && item.wrong === null),
    add,
    remove(key) {
      items.find((item) => item.key === key)?.abort.abort();
      setItems((before) => before.filter((item) => item.key !== key));
    },
    takeAll() {
      setItems([]);
      return items.flatMap((item) => (item.made ? [item.made] : []));
    },
    dropping: offered
      ? {
          onDragOver(event) {
            event.preventDefault();
            setOver(true);
          },
          onDragLeave: () => setOver(false),
          onDrop(event) {
            event.preventDefault();
            setOver(false);
            add(event.dataTransfer?.files ?? []);
          },
        }
      : {},
    pasting: offered
      ? (event) => {
          const files = event.clipboardData?.files;
          if (!files || files.length === 0) return;
          event.preventDefault();
          add(files);
        }
      : undefined,
  };
}

function begun(key: number, file: File): Attached {
  const most = largestUpload.value ?? 0;
  const wrong = file.size > most ? t("attachLarge", { size: size(most) }) : null;
  return { key, name: file.name, progress: 0, made: null, wrong, abort: new AbortController() };
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Problem)) return t("brokenTitle");
  return error.errors[0]?.message ?? error.detail ?? t(error.status === 0 ? "offlineTitle" : "brokenTitle");
}

export function Attachments({ files }: { files: Files }) {
  if (files.isOver) return <p class="muted">{t("attachDrop")}</p>;
  if (files.items.length === 0) return null;
  return (
    <ul class="chips" aria-label={t("attached")}>
      {files.items.map((item) => (
        <li key={item.key} class={item.wrong ? "chip bad" : "chip"}>
          <Icon name={item.wrong ? "warn" : "file"} />
          <span>{item.name}</span>
          {item.wrong && <span role="alert">{item.wrong}</span>}
          {!item.wrong && !item.made && <progress max={1} value={item.progress} aria-label={item.name} />}
          {item.made && <span class="muted">{size(item.made.bytes)}</span>}
          <button
            type="button"
            class="small plain"
            aria-label={t("attachRemove", { name: item.name })}
            onClick={() => files.remove(item.key)}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}

export function AttachButton({ files }: { files: Files }) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={picker}
        type="file"
        multiple
        class="unseen"
        tabIndex={-1}
        aria-label={t("attach")}
        onChange={(event) => {
          files.add([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
      <button
        type="button"
        class="attach"
        aria-label={t("attach")}
        title={t("attach")}
        onClick={() => picker.current?.click()}
      >
        <Icon name="plus" />
      </button>
    </>
  );
}
