/** The sound of an offer: rings until it is answered or silenced, made here, so that there is no file to fetch. */

const EVERY_MS = 1_600;
let audio: AudioContext | null = null;
let timer: number | undefined;

/** To be called when a person touches the page: before that, browsers keep it silent. */
export async function allowRing(): Promise<void> {
  audio ??= new AudioContext();
  await audio.resume();
}

export function startRinging(): void {
  if (timer !== undefined) return;
  ringOnce();
  timer = window.setInterval(ringOnce, EVERY_MS);
}

export function stopRinging(): void {
  window.clearInterval(timer);
  timer = undefined;
}

function ringOnce(): void {
  navigator.vibrate?.([300, 120, 300]);
  if (audio?.state !== "running") return;
  for (const [after_s, pitch_hz] of [
    [0, 880],
    [0.22, 1175],
  ] as const) {
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    const at = audio.currentTime + after_s;
    tone.frequency.value = pitch_hz;
    loudness.gain.setValueAtTime(0.0001, at);
    loudness.gain.exponentialRampToValueAtTime(0.4, at + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.2);
    tone.connect(loudness).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.22);
  }
}
