/** Over the board: new case, search, counts by state that filter, the finer filters, and the views one has kept. */
import { Popover } from "antd";
import { type RefObject, useLayoutEffect, useRef, useState } from "react";
import { SHAPES, Shape, type Tone } from "@/shared/states";
import { useWords } from "@/shared/words";
import type { Dealer } from "./contract";
import { COUNTS, type Count, type Filters, keepViews, NO_FILTERS, type SavedView, savedViews } from "./filters";

interface BoardBarProps {
  counts: Record<Count, number>;
  filters: Filters;
  onFilters: (filters: Filters) => void;
  /** Whether the finer filters are open. */
  filtering: boolean;
  onFiltering: (filtering: boolean) => void;
  dealers: ReadonlyMap<string, Dealer>;
  search: RefObject<HTMLInputElement | null>;
  /** From the search field down into the rows. */
  onLeaveSearch: () => void;
  onNew: () => void;
  onCopy: () => void;
}

export function BoardBar(props: BoardBarProps) {
  const { counts, filters, onFilters, search, onLeaveSearch, onNew, onCopy } = props;
  const t = useWords();
  const word: Record<Count, string> = {
    needs: t("page.needs"),
    late: t("page.late"),
    open: t("case.status.open"),
    offered: t("case.status.offered"),
    accepted: t("case.status.accepted"),
    en_route: t("case.status.en_route"),
    on_scene: t("case.status.on_scene"),
    towing: t("case.status.towing"),
    completed: t("case.status.completed"),
  };
  const toggle = (count: Count) => {
    const { states } = filters;
    onFilters({
      ...filters,
      states: states.includes(count) ? states.filter((one) => one !== count) : [...states, count],
    });
  };
  return (
    <div className="board-bar">
      <button type="button" className="primary" onClick={onNew}>
        {t("console.new_case")} <kbd>N</kbd>
      </button>
      <label className="search">
        <span className="unseen">{t("console.search")}</span>
        <input
          ref={search}
          type="search"
          placeholder={t("console.search_hint")}
          value={filters.text}
          onChange={(event) => onFilters({ ...filters, text: event.target.value })}
          onKeyDown={(event) => {
            if (event.key === "Escape") onFilters({ ...filters, text: "" });
            if (["Escape", "Enter", "ArrowDown"].includes(event.key)) {
              event.preventDefault();
              event.stopPropagation();
              onLeaveSearch();
            }
          }}
        />
        <kbd aria-hidden>/</kbd>
      </label>
      <fieldset className="counts" aria-label={t("console.by_state")}>
        {(["late", ...COUNTS] as const).map((count) => (
          <button
            key={count}
            type="button"
            data-tone={count}
            data-none={counts[count] === 0 || undefined}
            aria-pressed={filters.states.includes(count)}
            onClick={() => toggle(count)}
          >
            {count in SHAPES ? <Shape tone={count as Tone} size={12} /> : null}
            {word[count]} <b>{counts[count]}</b>
          </button>
        ))}
      </fieldset>
      <FinerFilters {...props} />
      <button type="button" className="plain" onClick={onCopy} title={t("console.copy_hint")}>
        {t("console.copy")}
      </button>
    </div>
  );
}

function FinerFilters({ filters, onFilters, filtering, onFiltering, dealers }: BoardBarProps) {
  const t = useWords();
  const room = useRef<HTMLDivElement>(null);
  // It fades for a while after it was closed: the keys are the page's again at once.
  useLayoutEffect(() => {
    const { activeElement } = document;
    if (!filtering && activeElement instanceof HTMLElement && room.current?.contains(activeElement))
      activeElement.blur();
  }, [filtering]);
  const set = Number(filters.needs !== "") + Number(filters.channel !== "") + Number(filters.dealer !== "");
  const content = (
    <div className="finer" ref={room}>
      <label>
        {t("console.needs")}
        <select
          value={filters.needs}
          onChange={(event) => onFilters({ ...filters, needs: event.target.value as Filters["needs"] })}
        >
          <option value="">{t("console.all")}</option>
          <option value="service">{t("vehicle.kind.service")}</option>
          <option value="tow">{t("vehicle.kind.tow")}</option>
        </select>
      </label>
      <label>
        {t("page.channel")}
        <select value={filters.channel} onChange={(event) => onFilters({ ...filters, channel: event.target.value })}>
          <option value="">{t("console.all")}</option>
          <option value="hotline_400">{t("channel.hotline_400")}</option>
          <option value="dealer_24h">{t("channel.dealer_24h")}</option>
          <option value="telematics">{t("channel.telematics")}</option>
        </select>
      </label>
      <label>
        {t("page.dealer")}
        <select value={filters.dealer} onChange={(event) => onFilters({ ...filters, dealer: event.target.value })}>
          <option value="">{t("console.all")}</option>
          {[...dealers.values()].map((dealer) => (
            <option key={dealer.code} value={dealer.code}>
              {dealer.name}
            </option>
          ))}
        </select>
      </label>
      <KeptViews filters={filters} onFilters={onFilters} />
    </div>
  );
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      open={filtering}
      onOpenChange={onFiltering}
      content={content}
      title={t("console.filters")}
    >
      <button type="button" className="plain" aria-haspopup="dialog">
        {t("console.filters")}
        {set ? <b> {set}</b> : null} ▾
      </button>
    </Popover>
  );
}

function KeptViews({ filters, onFilters }: Pick<BoardBarProps, "filters" | "onFilters">) {
  const t = useWords();
  const [views, setViews] = useState<readonly SavedView[]>(savedViews);
  const [name, setName] = useState("");
  const [unnamed, setUnnamed] = useState(false);
  const change = (next: readonly SavedView[]) => {
    setViews(next);
    keepViews(next);
  };
  const keep = () => {
    const called = name.trim();
    setUnnamed(!called);
    if (!called) return;
    change([...views.filter((view) => view.name !== called), { name: called, filters }]);
    setName("");
  };
  return (
    <section className="kept-views" aria-label={t("console.views")}>
      <h3>{t("console.views")}</h3>
      {views.length === 0 ? <p className="hint">{t("console.no_views")}</p> : null}
      <ul>
        {views.map((view) => (
          <li key={view.name}>
            <button type="button" className="plain view-name" title={view.name} onClick={() => onFilters(view.filters)}>
              {view.name}
            </button>
            <button
              type="button"
              className="plain"
              aria-label={t("console.drop_view", { name: view.name })}
              onClick={() => change(views.filter((one) => one !== view))}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <div className="keep-view">
        <input
          type="text"
          value={name}
          maxLength={24}
          aria-label={t("console.view_name")}
          aria-invalid={unnamed || undefined}
          placeholder={t("console.view_name")}
          onChange={(event) => {
            setName(event.target.value);
            setUnnamed(false);
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") keep();
          }}
        />
        <button type="button" onClick={keep}>
          {t("console.keep_view")}
        </button>
        <button type="button" className="plain" onClick={() => onFilters(NO_FILTERS)}>
          {t("console.clear")}
        </button>
      </div>
      {unnamed ? (
        <p className="wrong" role="alert">
          {t("console.view_unnamed")}
        </p>
      ) : null}
    </section>
  );
}
