/** All keys of the page, under `?`. */
import { useModal } from "@/shared/modal";
import { useWords } from "@/shared/words";

export function Help({ onClose }: { onClose: () => void }) {
  const t = useWords();
  const dialog = useModal();
  const rows: readonly (readonly [string, string])[] = [
    ["N", t("console.new_case")],
    ["/", t("console.search")],
    ["J K ↑ ↓", t("console.key_move")],
    ["Enter", t("console.key_open")],
    ["1 – 5", t("console.key_tabs")],
    ["O", t("console.offer_nearest")],
    ["Y", t("console.accept_for")],
    ["A", t("task.second_dispatch")],
    ["C", t("task.confirm_completion")],
    ["U", t("console.undo")],
    ["M", t("console.key_map")],
    ["F", t("console.follow")],
    ["R", t("map.replay")],
    ["L", t("console.alarms")],
    ["T", t("console.tasks")],
    ["H", t("console.shift")],
    ["Esc", t("page.close")],
    ["?", t("console.all_keys")],
    ["Ctrl Enter", t("console.open_case")],
    ["Alt 1 – 9", t("console.key_fields")],
    ["Alt 0", t("console.datum")],
    ["Alt H", t("page.hand_over")],
    ["Alt L", t("console.send_link")],
    ["Alt R", t("console.start_over")],
    ["Alt G", t("console.key_existing")],
  ];
  return (
    <dialog ref={dialog} className="ask help" aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">{t("console.all_keys")}</h2>
      <dl>
        {rows.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">
          {t("page.close")} <kbd>Esc</kbd>
        </button>
      </form>
    </dialog>
  );
}
