/** Beside the map: alarms that a person acknowledges, calls to make, and what the last shift left. */
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, newKey, Problem, told, whyNot } from "@/shared/api";
import { age, dayAndTime, plateText } from "@/shared/format";
import { NotYet } from "@/shared/notyet";
import { useWords } from "@/shared/words";
import { beep, KINDS, setMuted, useMuted } from "./beeps";
import type { Alarm, Task } from "./contract";
import { useAlarms, useShift, useTasks } from "./queries";
import { useSending } from "./sending";
import { TaskRow } from "./tasks";

export const TRAYS = ["alarms", "tasks", "shift"] as const;
export type Tray = (typeof TRAYS)[number];

const AGAIN_MS = 20_000;

/** Alarms that nobody has acknowledged. Each sounds when it comes; the grave ones go on until somebody has. */
export function useSounding(): readonly Alarm[] {
  const { data } = useAlarms();
  const waiting = data?.alarms.filter((alarm) => alarm.acknowledged_at === null) ?? NONE;
  const heard = useRef(new Set<string>());
  const latest = useRef(waiting);
  latest.current = waiting;
  useEffect(() => {
    if (!data) return;
    const fresh = latest.current.filter((alarm) => !heard.current.has(alarm.id));
    heard.current = new Set(data.alarms.map((alarm) => alarm.id));
    beep(fresh.map((alarm) => alarm.kind));
  }, [data]);
  useEffect(() => {
    const timer = window.setInterval(() => {
      beep(latest.current.filter((alarm) => alarm.severity === "high").map((alarm) => alarm.kind));
    }, AGAIN_MS);
    return () => window.clearInterval(timer);
  }, []);
  return waiting;
}

const NONE: readonly Alarm[] = [];

interface TrayProps {
  tray: Tray;
  onTray: (tray: Tray | null) => void;
  now: number;
  dealerName: (code: string) => string;
  onOpen: (id: string) => void;
  onTask: (task: Task) => void;
  opened: string | null;
}

export function TrayPanel(props: TrayProps) {
  const { tray, onTray } = props;
  const t = useWords();
  const panel = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each tray that is opened takes the keyboard
  useEffect(() => panel.current?.focus(), [tray]);
  const words: Record<Tray, string> = {
    alarms: t("console.alarms"),
    tasks: t("console.tasks"),
    shift: t("console.shift"),
  };
  return (
    <aside ref={panel} className="tray" aria-label={words[tray]} tabIndex={-1}>
      <header>
        <div role="tablist" aria-label={t("console.tray")}>
          {TRAYS.map((name) => (
            <button key={name} type="button" role="tab" aria-selected={tray === name} onClick={() => onTray(name)}>
              {words[name]}
            </button>
          ))}
        </div>
        <button type="button" className="plain" onClick={() => onTray(null)} aria-label={t("page.close")}>
          ×
        </button>
      </header>
      {tray === "alarms" ? <Alarms {...props} /> : null}
      {tray === "tasks" ? <Tasks {...props} /> : null}
      {tray === "shift" ? <Shift {...props} /> : null}
    </aside>
  );
}

function Alarms({ now, dealerName, onOpen }: TrayProps) {
  const t = useWords();
  const client = useQueryClient();
  const send = useSending();
  const { data, error } = useAlarms();
  const alarms = data?.alarms ?? NONE;
  const seen = (alarm: Alarm) =>
    send(async () => {
      await told(
        api.POST("/api/v1/alarms/{alarm_id}/acknowledge", {
          params: { path: { alarm_id: alarm.id } },
          headers: { "Idempotency-Key": newKey() },
        }),
      );
      await client.invalidateQueries({ queryKey: ["alarms"] });
    });
  return (
    <>
      {data ? null : <NotYet error={error} />}
      {data && alarms.length === 0 ? <p className="empty">{t("console.no_alarms")}</p> : null}
      <ul className="alarms">
        {alarms.map((alarm) => (
          <li key={alarm.id} data-severity={alarm.severity} data-seen={alarm.acknowledged_at ? true : undefined}>
            <button type="button" className="alarm-open" onClick={() => onOpen(alarm.case)}>
              <strong>{t(`alarm.${alarm.kind}`)}</strong>
              <span>
                {[
                  alarm.number,
                  alarm.vehicle ? plateText(alarm.vehicle) : "",
                  alarm.dealer ? dealerName(alarm.dealer) : "",
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
              <time title={dayAndTime(alarm.since)}>{age(now - Date.parse(alarm.since))}</time>
            </button>
            {alarm.acknowledged_by ? (
              <small>{t("console.seen_by", { name: alarm.acknowledged_by })}</small>
            ) : (
              <button type="button" onClick={() => void seen(alarm)}>
                {t("console.acknowledge")}
              </button>
            )}
          </li>
        ))}
      </ul>
      <Sounds />
    </>
  );
}

function Sounds() {
  const t = useWords();
  const muted = useMuted();
  const last = KINDS.length - muted.size === 1;
  return (
    <details className="sounds">
      <summary>{t("console.sounds")}</summary>
      <p className="hint">{t("console.never_all")}</p>
      {KINDS.map((kind) => (
        <label key={kind} className="check">
          <input
            type="checkbox"
            checked={!muted.has(kind)}
            disabled={last && !muted.has(kind)}
            onChange={(event) => {
              setMuted(kind, !event.target.checked);
              if (event.target.checked) beep([kind]);
            }}
          />
          {t(`alarm.${kind}`)}
        </label>
      ))}
    </details>
  );
}

function Tasks({ now, dealerName, onTask }: TrayProps) {
  const t = useWords();
  const { data, error } = useTasks();
  if (!data) return <NotYet error={error} />;
  return (
    <ul className="tasks">
      {data.length === 0 ? <p className="empty">{t("console.no_tasks")}</p> : null}
      {data.map((task) => (
        <TaskRow
          key={`${task.kind} ${task.case} ${task.trip}`}
          task={task}
          now={now}
          dealerName={dealerName}
          onOpen={onTask}
        />
      ))}
    </ul>
  );
}

function Shift({ opened, onOpen }: TrayProps) {
  const t = useWords();
  const client = useQueryClient();
  const send = useSending();
  const { data } = useShift();
  const [text, setText] = useState("");
  const [about, setAbout] = useState(false);
  const [wrong, setWrong] = useState("");
  const key = useRef(newKey());
  const anew = () => client.invalidateQueries({ queryKey: ["shift"] });

  async function leave(event: FormEvent) {
    event.preventDefault();
    try {
      await told(
        api.POST("/api/v1/shift/notes", {
          body: { text, case: about && opened ? opened : "" },
          headers: { "Idempotency-Key": key.current },
        }),
      );
    } catch (error) {
      setWrong(error instanceof Problem ? (error.byField.get("text") ?? error.message) : whyNot(error));
      return;
    }
    key.current = newKey();
    setText("");
    await anew();
  }

  return (
    <div className="shift">
      <h3>{t("console.who_is_on")}</h3>
      <ul className="on-shift">
        {data?.on.map((one) => (
          <li key={one.username}>
            {one.username} <small>{t(`role.${one.role}`)}</small>
          </li>
        ))}
      </ul>
      <h3>{t("console.notes")}</h3>
      {data?.notes.length === 0 ? <p className="hint">{t("console.no_notes")}</p> : null}
      <ul className="notes">
        {data?.notes.map((note) => (
          <li key={note.id} data-seen={note.done_at ? true : undefined}>
            <p>{note.text}</p>
            <small>
              {note.author} · {dayAndTime(note.at)}
              {note.done_by ? ` · ${t("console.done_by", { name: note.done_by })}` : ""}
            </small>
            {note.case ? (
              <button type="button" className="plain" onClick={() => onOpen(note.case ?? "")}>
                {t("console.to_case")}
              </button>
            ) : null}
            {note.done_at ? null : (
              <button
                type="button"
                onClick={() =>
                  void send(async () => {
                    await told(
                      api.POST("/api/v1/shift/notes/{note_id}/done", {
                        params: { path: { note_id: note.id } },
                        headers: { "Idempotency-Key": newKey() },
                      }),
                    );
                    await anew();
                  })
                }
              >
                {t("console.done")}
              </button>
            )}
          </li>
        ))}
      </ul>
      <form noValidate onSubmit={(event) => void leave(event)}>
        <label>
          {t("console.new_note")}
          <textarea
            required
            rows={3}
            maxLength={2000}
            value={text}
            aria-invalid={wrong ? true : undefined}
            onChange={(event) => {
              setText(event.target.value);
              setWrong("");
              key.current = newKey();
            }}
          />
        </label>
        <div role="alert" className="wrong">
          {wrong}
        </div>
        {opened ? (
          <label className="check">
            <input
              type="checkbox"
              checked={about}
              onChange={(event) => {
                setAbout(event.target.checked);
                key.current = newKey();
              }}
            />
            {t("console.about_open_case")}
          </label>
        ) : null}
        <button type="submit" className="primary">
          {t("console.leave_note")}
        </button>
      </form>
    </div>
  );
}
