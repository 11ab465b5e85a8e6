/** The live board: cases by urgency, one line of state, one of place, one countdown. Only the rows in view exist. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useRef } from "react";
import type { Card } from "@/shared/feed";
import { plateText } from "@/shared/format";
import { countdown, Shape, toneOf } from "@/shared/states";
import { useWords } from "@/shared/words";
import { onEnter } from "./keys";

const ROW_PX = 50;

export interface BoardProps {
  order: readonly string[];
  moved: ReadonlySet<string>;
  cards: ReadonlyMap<string, Card>;
  /** The row that the keyboard is at. */
  cursor: string | null;
  opened: string | null;
  now: number;
  dealerName: (code: string) => string;
  onOpen: (id: string) => void;
  empty: string;
}

export function Board({ order, moved, cards, cursor, opened, now, dealerName, onOpen, empty }: BoardProps) {
  const t = useWords();
  const room = useRef<HTMLDivElement>(null);
  const known = useRef<ReadonlyMap<string, Card>>(cards);
  const kept = lastKnown(order, cards, known.current);
  known.current = kept;
  const rows = useVirtualizer({
    count: order.length,
    getScrollElement: () => room.current,
    estimateSize: () => ROW_PX,
    getItemKey: (at) => order[at] ?? at,
    overscan: 8,
  });
  const at = cursor === null ? -1 : order.indexOf(cursor);
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at);
  }, [at, rows]);

  return (
    <div
      className="board"
      ref={room}
      role="listbox"
      tabIndex={0}
      aria-label={t("page.board")}
      aria-activedescendant={at >= 0 ? `row-${cursor}` : undefined}
    >
      {order.length === 0 ? <p className="empty">{empty}</p> : null}
      <div style={{ height: rows.getTotalSize(), position: "relative" }}>
        {rows.getVirtualItems().map((row) => {
          const id = order[row.index];
          const card = id === undefined ? undefined : kept.get(id);
          if (!card) return null;
          return (
            <div
              key={row.key}
              id={`row-${card.id}`}
              className="board-row"
              role="option"
              tabIndex={-1}
              aria-selected={card.id === opened}
              aria-posinset={row.index + 1}
              aria-setsize={order.length}
              data-tone={toneOf(card, now)}
              data-cursor={card.id === cursor || undefined}
              data-moved={moved.has(card.id) || undefined}
              data-gone={!cards.has(card.id) || undefined}
              style={{ transform: `translateY(${row.start}px)`, height: ROW_PX }}
              onClick={() => onOpen(card.id)}
              onKeyDown={onEnter(() => onOpen(card.id))}
            >
              <Row card={card} now={now} dealer={dealerName(card.dealer)} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** The cards of the rows shown; one that has left the board stays as it was until its row goes. */
function lastKnown(order: readonly string[], cards: ReadonlyMap<string, Card>, before: ReadonlyMap<string, Card>) {
  const found = new Map<string, Card>();
  for (const id of order) {
    const card = cards.get(id) ?? before.get(id);
    if (card) found.set(id, card);
  }
  return found;
}

const Row = memo(function Row({ card, now, dealer }: { card: Card; now: number; dealer: string }) {
  const t = useWords();
  const { text, press } = countdown(card, now);
  const tone = toneOf(card, now);
  return (
    <>
      <div className="row-line">
        <span className="row-state">
          <Shape tone={tone} />
          <span>{t(`case.status.${card.status}`)}</span>
        </span>
        <strong className="row-plate">{card.plate ? plateText(card.plate) : t("page.no_plate")}</strong>
        <span className="row-fault">{t(`fault.${card.fault}`)}</span>
        <time className="row-countdown" data-press={press || undefined}>
          {text}
        </time>
      </div>
      <div className="row-line row-below">
        {card.priority > 0 ? <span className="row-priority">{t("console.priority")}</span> : null}
        {card.needs === "tow" ? <span className="row-tow">{t("vehicle.kind.tow")}</span> : null}
        <span className="row-place" title={card.address}>
          {card.address || `${card.lat.toFixed(5)}, ${card.lon.toFixed(5)}`}
        </span>
        <span className="row-who">
          {[dealer, card.vehicle ? plateText(card.vehicle) : ""].filter(Boolean).join(" · ")}
        </span>
        <span className="row-number">{card.number}</span>
      </div>
    </>
  );
});
