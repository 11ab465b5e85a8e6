/** The whole screen to write on. Held upright it is laid out for a phone that is turned sideways. */
import { useEffect, useRef, useState } from "react";
import SignaturePad from "signature_pad";
import { useModal } from "@/shared/modal";
import { useWords } from "@/shared/words";
import { turned } from "./turn";

const PEN = { penColor: "#101418", minWidth: 1.2, maxWidth: 3 };
const pixels = (): number => Math.max(window.devicePixelRatio, 1);

/** `onSigned` gets the signature as SVG, upright however the phone was held. */
export function Glass({
  busy,
  onSigned,
  onClose,
}: {
  busy: boolean;
  onSigned: (svg: string) => void;
  onClose: () => void;
}) {
  const t = useWords();
  const dialog = useModal();
  const canvas = useRef<HTMLCanvasElement>(null);
  const pad = useRef<SignaturePad | null>(null);
  const [empty, setEmpty] = useState(true);

  useEffect(() => {
    const glass = canvas.current;
    if (!glass) return;
    const made = new SignaturePad(glass, PEN);
    // What was written before the phone was turned would lie across it: it is written anew.
    const stretch = () => {
      glass.width = glass.offsetWidth * pixels();
      glass.height = glass.offsetHeight * pixels();
      glass.getContext("2d")?.scale(pixels(), pixels());
      made.clear();
      setEmpty(true);
    };
    stretch();
    made.addEventListener("endStroke", () => setEmpty(made.isEmpty()));
    window.addEventListener("resize", stretch);
    pad.current = made;
    return () => {
      window.removeEventListener("resize", stretch);
      made.off();
      pad.current = null;
    };
  }, []);

  return (
    <dialog className="glass" ref={dialog} aria-label={t("dealer.sign")} onCancel={onClose}>
      <canvas ref={canvas} aria-label={t("dealer.write_here")} />
      <p aria-hidden="true">{t("dealer.write_here")}</p>
      <footer>
        <button type="button" onClick={onClose}>
          {t("dealer.back")}
        </button>
        <button
          type="button"
          onClick={() => {
            pad.current?.clear();
            setEmpty(true);
          }}
        >
          {t("dealer.again")}
        </button>
        <button
          type="button"
          className="primary"
          disabled={busy || empty}
          onClick={() => {
            if (pad.current && canvas.current) onSigned(upright(pad.current, canvas.current));
          }}
        >
          {t("dealer.sign_now")}
        </button>
      </footer>
    </dialog>
  );
}

function upright(pad: SignaturePad, { offsetWidth, offsetHeight }: HTMLCanvasElement): string {
  if (offsetWidth >= offsetHeight) return pad.toSVG();
  const sheet = document.createElement("canvas");
  sheet.width = offsetHeight * pixels();
  sheet.height = offsetWidth * pixels();
  const copy = new SignaturePad(sheet, PEN);
  copy.fromData(turned(pad.toData(), offsetWidth));
  copy.off();
  return copy.toSVG();
}
