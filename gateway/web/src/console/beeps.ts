/** The alarms' sounds, made here: a pattern for each kind. One kind may be muted, all of them never. */
import { useSyncExternalStore } from "react";
import type { Alarm } from "./contract";

export type AlarmKind = Alarm["kind"];

/** Tones in hertz, one after the other. Rising asks for a look; falling says that something went wrong. */
const PATTERNS: Record<AlarmKind, readonly number[]> = {
  crash_call: [1320, 880, 1320, 880],
  unassigned: [988, 740, 988],
  late: [880, 660],
  second_dispatch: [660, 880, 988],
  offer_expiring: [784, 784],
  promise_at_risk: [660, 588],
  silent_terminal: [523],
  stopped_on_the_way: [523, 523],
  outside_plan: [588, 523],
  complaint: [494, 440],
  unsigned: [588, 660],
};
export const KINDS = Object.keys(PATTERNS) as AlarmKind[];

const TONE_S = 0.14;
const VOLUME = 0.12;
const KEPT_AS = "console.muted";

let muted: ReadonlySet<AlarmKind> = readMuted();
const listeners = new Set<() => void>();

function readMuted(): ReadonlySet<AlarmKind> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? "[]");
    const kinds = Array.isArray(kept) ? KINDS.filter((kind) => kept.includes(kind)) : [];
    return new Set(kinds.length < KINDS.length ? kinds : []);
  } catch {
    return new Set(); // nothing that can be read was kept: everything sounds
  }
}

/** Mute `kind` or let it sound again. The last kind that sounds stays so. */
export function setMuted(kind: AlarmKind, quiet: boolean): void {
  const next = new Set(muted);
  if (quiet) next.add(kind);
  else next.delete(kind);
  if (next.size >= KINDS.length) return;
  muted = next;
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify([...muted]));
  } catch {
    // kept for this page only
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useMuted = (): ReadonlySet<AlarmKind> => useSyncExternalStore(subscribe, () => muted);

let sound: AudioContext | null = null;

/** Sound the kinds, one after the other. A browser lets a page sound once somebody has touched it. */
export function beep(kinds: Iterable<AlarmKind>): void {
  const heard = [...new Set(kinds)].filter((kind) => !muted.has(kind));
  if (heard.length === 0 || !navigator.userActivation.hasBeenActive) return;
  sound ??= new AudioContext();
  void sound.resume();
  let at = sound.currentTime + 0.02;
  for (const kind of heard) {
    for (const pitch of PATTERNS[kind]) {
      tone(sound, pitch, at);
      at += TONE_S * 1.25;
    }
    at += TONE_S * 2;
  }
}

function tone(context: AudioContext, pitch_hz: number, at: number): void {
  const source = context.createOscillator();
  const volume = context.createGain();
  source.type = "triangle";
  source.frequency.value = pitch_hz;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(VOLUME, at + 0.01);
  volume.gain.linearRampToValueAtTime(0, at + TONE_S);
  source.connect(volume).connect(context.destination);
  source.start(at);
  source.stop(at + TONE_S);
}
