/** Small drawings; always beside a word, so they are hidden from screen readers. */

const PATHS = {
  check: "M3.5 8.5 6.5 11.5 12.5 4.5",
  cross: "M4.5 4.5 11.5 11.5M11.5 4.5 4.5 11.5",
  clock: "M8 4.5V8l2.5 1.5M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z",
  stop: "M5 5h6v6H5Z",
  play: "M5.5 3.8v8.4L12 8Z",
  skip: "M4 4.5 8.5 8 4 11.5ZM11.5 4.5v7",
  warn: "M8 3 14 13.2H2ZM8 7v2.8M8 11.6v.1",
  plus: "M8 3.5v9M3.5 8h9",
  globe: "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM2.2 8h11.6M8 2c2.4 2 2.4 10 0 12C5.6 12 5.6 4 8 2Z",
  file: "M4 2.5h5L12 5.5v8H4ZM9 2.5v3h3",
  tool: "M3 5.5 6 8l-3 2.5M7.5 11.5H13",
  said: "M3 4h10v7H8l-3 2.5V11H3Z",
  lock: "M4 7.5h8v6H4ZM5.5 7.5V5.5a2.5 2.5 0 0 1 5 0v2",
  list: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  back: "M9.5 4 5.5 8l4 4",
} as const;

export type IconName = keyof typeof PATHS;

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d={PATHS[name]} />
  </svg>
);
