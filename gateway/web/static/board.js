// The case board: one row a case. Rows move only some time after their order changed, gliding, so that
// nothing jumps while one reads.

import { icon, make, setText } from "./dom.js";
import { SHAPES, countdown, inOrder, isLate, plateText, statusWord, tone } from "./states.js";
import { serviceNow } from "./time.js";
import { word } from "./words.js";

const SETTLE_MS = 400;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Board {
  constructor(list, empty, { open, dealerName, ready }) {
    this.list = list;
    this.empty = empty;
    this.open = open;
    this.dealerName = dealerName;
    this.ready = ready;
    this.rows = new Map();
    this.cards = new Map();
    this.selected = null;
    this.moveAt = null;
    list.addEventListener("click", (event) => {
      const row = event.target.closest("[data-case]");
      if (row) this.open(row.dataset.case);
    });
  }

  // Show these cards. `at once` also puts them in order now.
  show(cards, atOnce) {
    this.cards = cards;
    for (const [id, row] of this.rows) {
      if (cards.has(id)) continue;
      row.element.remove();
      this.rows.delete(id);
    }
    for (const [id, card] of cards) {
      if (!this.rows.has(id)) this.rows.set(id, new Row(this.list, id, !atOnce));
      this.rows.get(id).show(card, this.dealerName);
    }
    this.empty.hidden = cards.size > 0;
    setText(this.empty, word(this.ready() ? "page.empty_board" : "page.loading"));
    this.tick(atOnce);
  }

  // Time has passed: countdowns and order.
  tick(atOnce = false) {
    const now = serviceNow();
    for (const [id, row] of this.rows) row.tick(this.cards.get(id), now);
    const wanted = inOrder([...this.cards.values()], now).map((card) => card.id);
    const there = [...this.list.children].map((element) => element.dataset.case);
    if (wanted.every((id, index) => id === there[index])) {
      this.moveAt = null;
    } else if (atOnce) {
      this.#move(wanted, false);
    } else if (this.moveAt === null) {
      this.moveAt = setTimeout(() => {
        this.moveAt = null;
        this.#move(inOrder([...this.cards.values()], serviceNow()).map((card) => card.id), !still.matches);
      }, SETTLE_MS);
    }
  }

  select(id) {
    this.selected = id;
    for (const [other, row] of this.rows) row.element.classList.toggle("selected", other === id);
  }

  // The case after, or before, the selected one.
  neighbour(step) {
    const ids = [...this.list.children].map((element) => element.dataset.case);
    if (!ids.length) return null;
    const at = ids.indexOf(this.selected);
    return ids[at < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, at + step))];
  }

  reveal(id) {
    this.rows.get(id)?.element.scrollIntoView({ block: "nearest" });
  }

  #move(ids, glide) {
    const before = glide ? new Map(ids.map((id) => [id, this.rows.get(id).element.offsetTop])) : null;
    const focused = this.list.contains(document.activeElement) ? document.activeElement : null;
    this.list.append(...ids.map((id) => this.rows.get(id).element));
    focused?.focus({ preventScroll: true });
    if (!glide) return;
    for (const id of ids) {
      const element = this.rows.get(id).element;
      const shift = before.get(id) - element.offsetTop;
      if (shift) {
        element.animate([{ transform: `translateY(${shift}px)` }, { transform: "none" }], { duration: 300, easing: "ease-out" });
      }
    }
  }
}

class Row {
  constructor(list, id, fresh) {
    this.path = null;
    this.status = make("span", "status");
    this.number = make("span", "number");
    this.plate = make("b", "plate");
    this.fault = make("span", "fault");
    this.countdown = make("span", "countdown");
    this.place = make("span", "place");
    this.dealer = make("span", "dealer");
    const first = make("span", "line", this.plate, this.fault, this.number, this.status);
    const second = make("span", "line", this.place, this.dealer, this.countdown);
    const button = make("button", "row", first, second);
    button.type = "button";
    this.element = make("li", fresh && !still.matches ? "fresh" : "", button);
    this.element.dataset.case = id;
    list.append(this.element);
  }

  show(card, dealerName) {
    this.card = card;
    setText(this.number, card.number);
    setText(this.plate, plateText(card.plate) || word("page.no_plate"));
    setText(this.fault, word(`fault.${card.fault}`));
    setText(this.place, card.address || `${card.lat.toFixed(4)}, ${card.lon.toFixed(4)}`);
    setText(this.dealer, dealerName(card.dealer));
    this.element.classList.toggle("priority", card.priority > 0);
  }

  tick(card, now) {
    const name = tone(card, now);
    if (this.element.dataset.tone !== name) this.element.dataset.tone = name;
    const text = isLate(card, now) ? `${statusWord(card)} · ${word("page.late")}` : statusWord(card);
    if (this.path !== SHAPES[card.status] || this.text !== text) {
      this.path = SHAPES[card.status];
      this.text = text;
      this.status.replaceChildren(icon(this.path), text);
    }
    const { text: left, press } = countdown(card, now);
    setText(this.countdown, left);
    this.countdown.className = `countdown ${press}`;
  }
}
