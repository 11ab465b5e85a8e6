/** The five figures of a score, in the order in which they are told (K1–K11). */
export const KPIS = ["completion", "satisfaction", "arrival", "drive_away", "first_success"] as const;
export type KpiName = (typeof KPIS)[number];
