/** Calls to make and words to give, the most urgent first. */
import { age, clockTime, duration } from "@/shared/format";
import { useWords } from "@/shared/words";
import type { Task } from "./contract";

export function TaskRow({
  task,
  now,
  dealerName,
  onOpen,
}: {
  task: Task;
  now: number;
  dealerName: (code: string) => string;
  onOpen?: (task: Task) => void;
}) {
  const t = useWords();
  const due = Date.parse(task.due_at);
  const left = due - now;
  const atOnce = task.due_at === task.since; // to be done as soon as one can: it has no time after which it is late
  const content = (
    <>
      <strong>{t(`task.${task.kind}`)}</strong>
      <span className="task-number">{task.number}</span>
      <span className="task-who">
        {[task.who ? `${task.who.name} ${task.who.phone}` : "", task.dealer ? dealerName(task.dealer) : ""]
          .filter(Boolean)
          .join(" · ")}
      </span>
      <time dateTime={task.due_at} title={clockTime(due)} data-press={left < 0 && !atOnce ? "over" : undefined}>
        {atOnce
          ? t("console.waits_since", { time: clockTime(due) })
          : left < 0
            ? t("console.due_since", { t: age(-left) })
            : t("console.due_in", { t: duration(left) })}
      </time>
    </>
  );
  return (
    <li className="task">
      {onOpen ? (
        <button type="button" onClick={() => onOpen(task)}>
          {content}
        </button>
      ) : (
        <div>{content}</div>
      )}
    </li>
  );
}
