import { t } from "../language";

/** The shape of what is coming. */
export const Skeleton = ({ lines = 3 }: { lines?: number }) => (
  <div class="card skeleton">
    <span class="unseen" role="status">
      {t("loading")}
    </span>
    {Array.from({ length: lines }, (_, line) => (
      <span key={line} class="bone" />
    ))}
  </div>
);
