/**
 * What a dispatcher may do in a case as it stands, the one to do first in front. The service's table of the life of a
 * case decides in the end; this only spares buttons that it would refuse.
 */
import { newKey } from "@/shared/api";
import { currentSession } from "@/shared/session";
import { t } from "@/shared/words";
import { type AskedField, ask } from "./ask";
import * as commands from "./commands";
import type { Candidate, Case, RescueVehicle, Trip } from "./contract";
import { canBeUndone, doneSoon } from "./undo";

export interface StepTools {
  /** Runs `work` and tells what the service said where it refused. */
  run: (work: (key: string) => Promise<unknown>) => Promise<boolean>;
  /** Ask the service anew about the case. */
  refresh: () => unknown;
  /** Runs `act` at once, or, where data have stopped, after the dispatcher has confirmed it. */
  fresh: (act: () => void) => void;
  /** Let the next click on the map name the corrected place. */
  pickPlace: (() => void) | null;
  /** Those of the dealer that the case is offered to or has accepted; null until they are known. */
  vehicles: readonly RescueVehicle[] | null;
  candidates: readonly Candidate[];
  dealerName: (code: string) => string;
  /** Shows the motorist's link, to be copied into a message. */
  showLink: (url: string) => void;
}

export interface Step {
  id: string;
  word: string;
  hot?: string;
  look?: "primary" | "danger";
  act: () => void;
}

const BEFORE_ACCEPTANCE = new Set(["open", "unassigned"]);
const RUNNING = new Set(["accepted", "en_route", "on_scene", "towing", "awaiting_second_dispatch"]);

export const activeTrip = (known: Case): Trip | undefined =>
  known.trips.find((trip) => trip.ended_at === null && trip.status !== "abandoned" && trip.status !== "done");

export const pendingOffer = (known: Case) => known.offers.find((offer) => offer.status === "pending");

export function stepsOf(known: Case, tools: StepTools): Step[] {
  const { status } = known;
  const steps: Step[] = [];
  const offer = pendingOffer(known);
  const trip = activeTrip(known);
  if (BEFORE_ACCEPTANCE.has(status)) steps.push(...waiting(known, tools));
  if (offer) steps.push(...offered(offer.id, offer.dealer, tools));
  if (status === "awaiting_second_dispatch") steps.push(secondDispatch(known, tools));
  if (trip) steps.push(...onTrip(known, trip, tools));
  if (status === "completed") steps.push(...afterwards(known, tools));
  if (BEFORE_ACCEPTANCE.has(status) || status === "offered" || RUNNING.has(status))
    steps.push(...anyTime(known, tools));
  return steps;
}

function waiting(known: Case, tools: StepTools): Step[] {
  const steps: Step[] = [
    {
      id: "offer",
      word: t("console.offer_nearest"),
      hot: "O",
      look: "primary",
      act: () => void makeOffer(known, "", "", tools),
    },
  ];
  if (known.status === "open") {
    steps.push({
      id: "solve",
      word: t("console.solve_by_phone"),
      act: () =>
        ask({
          title: t("console.solve_by_phone"),
          detail: t("console.solve_detail"),
          fields: [{ name: "note", label: t("console.what_was_said"), kind: "long" }],
          confirm: t("console.solve_by_phone"),
          send: ({ note = "" }) =>
            doneSoon(
              t("console.soon_solved", { number: known.number }),
              () => void tools.run((key) => commands.solveByPhone(known.id, note, key)),
            ),
        }),
    });
  }
  return steps;
}

/** Offered at once; for five seconds it can be taken back with one key. */
export async function makeOffer(known: Case, dealer: string, reason: string, tools: StepTools): Promise<void> {
  await tools.run(async (key) => {
    const made = await commands.offerTo(known.id, dealer, reason, key);
    undoable(known, made.id, made.dealer, tools);
  });
}

function undoable(known: Case, offerId: string, dealer: string, tools: StepTools): void {
  const name = tools.dealerName(dealer);
  canBeUndone(t("console.offered_to", { number: known.number, dealer: name }), known.id, () => {
    void tools.run((key) => commands.withdraw(offerId, t("console.undone"), key));
  });
}

/** To another than the nearest: why (R1). */
export function askWhyNotNearest(known: Case, candidate: Candidate, tools: StepTools): void {
  ask({
    title: t("console.offer_to", { dealer: candidate.name }),
    detail: t("console.not_nearest"),
    fields: [
      {
        name: "override_reason",
        label: t("console.why"),
        often: [t("console.why_owner_wish"), t("console.why_agreed_by_phone"), t("console.why_equipment")],
      },
    ],
    confirm: t("console.offer"),
    send: async ({ override_reason = "" }, key) => {
      const made = await commands.offerTo(known.id, candidate.dealer, override_reason, key);
      tools.refresh();
      undoable(known, made.id, made.dealer, tools);
    },
  });
}

function offered(offerId: string, dealer: string, tools: StepTools): Step[] {
  const name = tools.dealerName(dealer);
  const { vehicles } = tools;
  const acceptance: Step = {
    id: "accept",
    word: t("console.accept_for"),
    hot: "Y",
    look: "primary",
    act: () => askAcceptance(offerId, name, vehicles ?? [], tools),
  };
  return [
    ...(vehicles ? [acceptance] : []),
    {
      id: "decline",
      word: t("console.decline_for"),
      act: () =>
        ask({
          title: t("console.decline_title", { dealer: name }),
          detail: t("console.decline_detail"),
          fields: [{ name: "reason", label: t("console.why") }],
          confirm: t("console.decline_for"),
          danger: true,
          send: async ({ reason = "" }, key) => {
            await commands.decline(offerId, reason, key);
            tools.refresh();
          },
        }),
    },
    {
      id: "withdraw",
      word: t("console.withdraw"),
      act: () =>
        ask({
          title: t("console.withdraw_title", { dealer: name }),
          fields: [
            { name: "reason", label: t("console.why"), often: [t("console.why_owner_wish"), t("console.why_mistake")] },
          ],
          confirm: t("console.withdraw"),
          send: async ({ reason = "" }, key) => {
            await commands.withdraw(offerId, reason, key);
            tools.refresh();
          },
        }),
    },
  ];
}

/** The specialist accepts by phone: vehicle, driver, crew and minutes (R3, R8, R16). */
function askAcceptance(offerId: string, name: string, vehicles: readonly RescueVehicle[], tools: StepTools): void {
  const options = vehicles
    .filter((vehicle) => vehicle.on_duty)
    .map(({ plate, kind }) => ({ value: plate, label: `${plate} · ${t(`vehicle.kind.${kind}`)}` }));
  const ranked = tools.candidates.find((candidate) => candidate.rank === 1);
  const [first] = options;
  const suggested = options.find((option) => option.value === ranked?.vehicle) ?? first;
  ask({
    title: t("console.accept_title", { dealer: name }),
    fields: [
      options.length
        ? { name: "vehicle", label: t("console.vehicle"), kind: "choice", options, value: suggested?.value ?? "" }
        : { name: "vehicle", label: t("console.vehicle") },
      { name: "driver.name", label: t("page.driver") },
      { name: "driver.phone", label: t("console.driver_phone"), kind: "tel", optional: true },
      { name: "crew", label: t("console.crew"), kind: "number", value: "2", min: 1, max: 20 },
      {
        name: "eta_minutes",
        label: t("console.eta_minutes"),
        kind: "number",
        often: ["20", "30", "40", "60"],
        min: 1,
        max: 1440,
      },
      { name: "reason", label: t("console.why_longer"), optional: true },
    ],
    confirm: t("console.accept_for"),
    send: async (answers, key) => {
      const driver = { name: answers["driver.name"] ?? "", phone: answers["driver.phone"] ?? "" };
      const { vehicle = "", reason = "" } = answers;
      const body = { vehicle, driver, crew: Number(answers.crew), eta_minutes: Number(answers.eta_minutes), reason };
      await commands.accept(offerId, body, key);
      tools.refresh();
    },
  });
}

function secondDispatch(known: Case, tools: StepTools): Step {
  return {
    id: "second",
    word: t("task.second_dispatch"),
    hot: "A",
    look: "primary",
    act: () =>
      ask({
        title: t("task.second_dispatch"),
        detail: t("console.second_detail"),
        fields: [
          {
            name: "approve",
            label: t("console.decision"),
            kind: "choice",
            value: "tow",
            options: [
              { value: "tow", label: t("console.second_tow") },
              { value: "service", label: t("console.second_service") },
              { value: "no", label: t("console.second_no") },
            ],
          },
          { name: "same_dealer", label: t("console.same_dealer"), kind: "check" },
        ],
        confirm: t("console.decide"),
        send: async ({ approve, same_dealer }, key) => {
          const needs = approve === "tow" || approve === "service" ? approve : null;
          await commands.decideSecond(
            known.id,
            { approve: needs !== null, needs, same_dealer: same_dealer === "yes" },
            key,
          );
          tools.refresh();
        },
      }),
  };
}

function onTrip(known: Case, trip: Trip, tools: StepTools): Step[] {
  const steps: Step[] = [];
  const { status } = known;
  const settled = trip.signed || trip.unsigned_confirmed_by !== "";
  const change = known.promise_changes.filter((one) => one.dealer === trip.dealer).at(-1);
  if (change && !change.approved && trip.arrived_at === null) steps.push(approval(trip, tools));
  if (trip.unsigned_reason && !trip.unsigned_confirmed_by) {
    steps.push({
      id: "unsigned",
      word: t("task.confirm_unsigned"),
      look: "primary",
      act: () =>
        ask({
          title: t("task.confirm_unsigned"),
          detail: t("console.unsigned_detail", { reason: trip.unsigned_reason }),
          confirm: t("console.confirm"),
          send: async (_, key) => {
            await commands.confirmUnsigned(trip.id, key);
            tools.refresh();
          },
        }),
    });
  }
  if (status === "on_scene" && trip.result === null) steps.push(outcome(trip, tools));
  const unsigned = !settled && !trip.unsigned_reason;
  if (status === "on_scene" || status === "towing") {
    if (trip.sheet === null) steps.push(sheetByPhone(trip, tools));
    if (unsigned) steps.push(refusal(trip, tools));
  }
  if (trip.result === "repaired" || trip.result === "towed") steps.push(completion(trip, unsigned, tools));
  if (status === "accepted")
    steps.push(reported("depart", t("console.departed"), (key) => commands.departed(trip.id, key), tools));
  if (status === "accepted" || status === "en_route") {
    steps.push(reported("arrive", t("console.arrived"), (key) => commands.arrived(trip.id, key), tools));
  }
  if (trip.arrived_at === null) steps.push(tripChange(trip, tools));
  steps.push({
    id: "call",
    word: t("console.log_call"),
    act: () =>
      ask({
        title: t("console.log_call"),
        detail: [trip.driver.name, trip.driver.phone].filter(Boolean).join(" · "),
        fields: [
          {
            name: "note",
            label: t("console.what_was_said"),
            kind: "long",
            often: [t("console.said_on_the_way"), t("console.said_soon"), t("console.said_no_answer")],
          },
        ],
        confirm: t("console.keep"),
        send: async ({ note = "" }, key) => {
          await commands.logCall(trip.id, note, key);
          tools.refresh();
        },
      }),
  });
  if (status !== "towing") {
    steps.push(
      withReason("give_back", t("console.give_back"), (reason, key) => commands.giveBack(trip.id, reason, key), tools),
    );
  }
  return steps;
}

function withReason(
  id: string,
  word: string,
  send: (reason: string, key: string) => Promise<unknown>,
  tools: StepTools,
): Step {
  return {
    id,
    word,
    act: () =>
      ask({
        title: word,
        fields: [{ name: "reason", label: t("console.why"), kind: "long" }],
        confirm: t("console.confirm"),
        send: async ({ reason = "" }, key) => {
          await send(reason, key);
          tools.refresh();
        },
      }),
  };
}

const reported = (id: string, word: string, work: (key: string) => Promise<unknown>, tools: StepTools): Step => ({
  id,
  word,
  act: () =>
    ask({
      title: word,
      detail: t("console.reported_detail"),
      confirm: t("console.confirm"),
      send: async (_, key) => {
        await work(key);
        tools.refresh();
      },
    }),
});

const approval = (trip: Trip, tools: StepTools): Step => ({
  id: "promise",
  word: t("task.approve_promise"),
  look: "primary",
  act: () =>
    ask({
      title: t("task.approve_promise"),
      detail: t("console.promise_detail"),
      fields: [{ name: "outside", label: t("console.outside_cause"), kind: "check", value: "yes" }],
      confirm: t("console.approve"),
      send: async ({ outside }, key) => {
        await commands.approvePromise(trip.id, outside === "yes", key);
        tools.refresh();
      },
    }),
});

const outcome = (trip: Trip, tools: StepTools): Step => ({
  id: "outcome",
  word: t("console.outcome"),
  act: () =>
    ask({
      title: t("console.outcome"),
      detail: t("console.reported_detail"),
      fields: [
        {
          name: "result",
          label: t("console.result"),
          kind: "choice",
          value: trip.kind === "tow" ? "towed" : "repaired",
          options: (["repaired", "towed", "unresolved"] as const).map((value) => ({
            value,
            label: t(`result.${value}`),
          })),
        },
        { name: "drivable", label: t("console.drivable"), kind: "check", value: trip.kind === "tow" ? "" : "yes" },
        { name: "note", label: t("page.note"), kind: "long", optional: true },
      ],
      confirm: t("console.keep"),
      send: async (answers, key) => {
        const result = answers.result as "repaired" | "towed" | "unresolved";
        const { note = "" } = answers;
        await commands.reportOutcome(trip.id, { result, drivable: answers.drivable === "yes", note }, key);
        tools.refresh();
      },
    }),
});

/** What the driver reads out over the phone (R6); a sheet that a phone has filled in is not written over. */
const sheetByPhone = (trip: Trip, tools: StepTools): Step => ({
  id: "sheet",
  word: t("console.sheet_by_phone"),
  act: () =>
    ask({
      title: t("console.sheet_by_phone"),
      detail: t("console.sheet_by_phone_detail"),
      fields: [
        { name: "odometer_km", label: t("sheet.odometer_km"), kind: "number", optional: true, min: 0, max: 9_999_999 },
        { name: "fault_found", label: t("sheet.fault_found") },
        { name: "work_done", label: t("sheet.work_done") },
        ...(trip.kind === "tow"
          ? [{ name: "destination", label: t("sheet.destination"), optional: true } as const]
          : []),
      ],
      confirm: t("console.keep"),
      send: async ({ odometer_km, ...rest }, key) => {
        const told = Object.entries(rest).filter(([, value]) => value.trim());
        const odometer = odometer_km ? { odometer_km: Number(odometer_km) } : {};
        await commands.fillSheet(trip.id, { ...odometer, ...Object.fromEntries(told) }, key);
        tools.refresh();
      },
    }),
});

/** Nobody signed (R6); what a dispatcher records is confirmed with it. */
const whyUnsigned = (): AskedField => ({
  name: "unsigned",
  label: t("console.why_unsigned"),
  often: [t("console.unsigned_by_phone"), t("console.unsigned_left"), t("console.unsigned_refused")],
});

const refusal = (trip: Trip, tools: StepTools): Step => ({
  id: "refuse",
  word: t("console.refused_signature"),
  act: () =>
    ask({
      title: t("console.refused_signature"),
      fields: [whyUnsigned()],
      confirm: t("console.confirm"),
      send: async ({ unsigned = "" }, key) => {
        await commands.refuseSignature(trip.id, unsigned, key);
        tools.refresh();
      },
    }),
});

/** The completion of a tow is phoned in and confirmed here (R7); without a signature, with the reason for that (R6). */
const completion = (trip: Trip, unsigned: boolean, tools: StepTools): Step => {
  const word = trip.kind === "tow" ? t("task.confirm_completion") : t("console.complete");
  return {
    id: "complete",
    word,
    hot: "C",
    look: "primary",
    act: () =>
      ask({
        title: word,
        detail: t(unsigned ? "console.complete_unsigned" : "console.complete_detail"),
        fields: [
          ...(unsigned ? [whyUnsigned()] : []),
          { name: "confirmed_by", label: t("console.confirmed_by"), value: currentSession().who?.username ?? "" },
        ],
        confirm: t("console.confirm"),
        send: async ({ confirmed_by = "", unsigned: reason = "" }, key) => {
          if (unsigned) await commands.refuseSignature(trip.id, reason, `${key}-unsigned`);
          await commands.complete(trip.id, confirmed_by, key);
          tools.refresh();
        },
      }),
  };
};

/** A change after the acceptance: who, when, from and to stay on record (R4). */
const tripChange = (trip: Trip, tools: StepTools): Step => ({
  id: "change",
  word: t("console.change_trip"),
  act: () =>
    ask({
      title: t("console.change_trip"),
      detail: t("console.change_detail"),
      fields: [
        {
          name: "eta_minutes",
          label: t("console.new_eta"),
          kind: "number",
          optional: true,
          often: ["10", "20", "30", "60"],
          min: 1,
          max: 1440,
        },
        {
          name: "vehicle",
          label: t("console.vehicle"),
          kind: "choice",
          optional: true,
          options: [
            { value: "", label: t("console.as_before") },
            ...(tools.vehicles ?? [])
              .filter(({ plate }) => plate !== trip.vehicle)
              .map(({ plate }) => ({ value: plate, label: plate })),
          ],
        },
        { name: "driver.name", label: t("console.new_driver"), optional: true },
        { name: "driver.phone", label: t("console.driver_phone"), kind: "tel", optional: true },
        { name: "reason", label: t("console.why") },
        { name: "outside", label: t("console.outside_cause"), kind: "check" },
      ],
      confirm: t("console.keep"),
      send: async (answers, key) => {
        const { "driver.name": name = "", "driver.phone": phone = "" } = answers;
        await commands.changeTrip(
          trip.id,
          {
            eta_minutes: answers.eta_minutes ? Number(answers.eta_minutes) : null,
            vehicle: answers.vehicle || null,
            driver: name || phone ? { name: name || trip.driver.name, phone } : null, // another number, the same driver
            reason: answers.reason ?? "",
            outside_cause: answers.outside === "yes",
          },
          key,
        );
        tools.refresh();
      },
    }),
});

function afterwards(known: Case, tools: StepTools): Step[] {
  return [
    {
      id: "survey",
      word: t("task.survey_call"),
      look: "primary",
      act: () =>
        ask({
          title: t("task.survey_call"),
          detail: [known.caller.name, known.caller.phone].filter(Boolean).join(" · "),
          fields: [
            {
              name: "satisfaction",
              label: t("console.satisfaction"),
              kind: "number",
              often: ["100", "80", "60", "40", "0"],
              min: 0,
              max: 100,
            },
            { name: "comment", label: t("console.what_was_said"), kind: "long", optional: true },
          ],
          confirm: t("console.keep"),
          send: async ({ satisfaction, comment = "" }, key) => {
            await commands.survey(known.id, Number(satisfaction), comment, key);
            tools.refresh();
          },
        }),
    },
    later("close", t("console.close_case"), t("console.soon_closed", { number: known.number }), tools, (reason, key) =>
      commands.close(known.id, reason, key),
    ),
  ];
}

/** Asked now, done after the five seconds in which it can be taken back. */
const later = (
  id: string,
  word: string,
  told: string,
  tools: StepTools,
  send: (reason: string, key: string) => Promise<unknown>,
): Step => ({
  id,
  word,
  look: "danger",
  act: () =>
    ask({
      title: word,
      fields: [{ name: "reason", label: t("console.why"), kind: "long", optional: id === "close" }],
      confirm: word,
      danger: true,
      send: ({ reason = "" }) => {
        const key = newKey();
        doneSoon(told, () => void tools.run(() => send(reason, key)));
      },
    }),
});

function anyTime(known: Case, tools: StepTools): Step[] {
  const steps: Step[] = [];
  steps.push({
    id: "link",
    word: t("console.follow_link"),
    act: () =>
      void tools.run(async (key) => {
        const { url } = await commands.followLink(known.id, key);
        tools.showLink(new URL(url, location.origin).href);
      }),
  });
  if (tools.pickPlace) steps.push({ id: "place", word: t("console.correct_place"), act: tools.pickPlace });
  steps.push({
    id: "cancel",
    word: t("console.cancel_case"),
    look: "danger",
    act: () =>
      ask({
        title: t("console.cancel_case"),
        fields: [
          {
            name: "by",
            label: t("console.cancelled_by"),
            kind: "choice",
            value: "customer",
            options: [
              { value: "customer", label: t("cancelled_by.customer") },
              { value: "cac", label: t("cancelled_by.cac") },
            ],
          },
          {
            name: "reason",
            label: t("console.why"),
            often: [t("console.why_solved_itself"), t("console.why_twice"), t("console.why_waited")],
          },
        ],
        confirm: t("console.cancel_case"),
        danger: true,
        send: ({ by, reason = "" }) => {
          const key = newKey();
          doneSoon(
            t("console.soon_cancelled", { number: known.number }),
            () => void tools.run(() => commands.cancel(known.id, by === "cac" ? "cac" : "customer", reason, key)),
          );
        },
      }),
  });
  if (known.status !== "offered") {
    steps.push(
      later("fail", t("console.fail_case"), t("console.soon_failed", { number: known.number }), tools, (reason, key) =>
        commands.fail(known.id, reason, key),
      ),
    );
  }
  return steps;
}
