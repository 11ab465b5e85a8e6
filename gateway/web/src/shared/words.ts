/** The service's own catalogue of words, Chinese first. Each entry registers the subjects that it shows. */
import { useSyncExternalStore } from "react";

export type Language = "zh" | "en";
export type Words = Record<string, Record<Language, string>>;
export type Values = Record<string, string | number>;

const KEPT_AS = "language";
const words: Words = {};
const listeners = new Set<() => void>();
let language: Language = readLanguage();
/** Goes up whenever something may read differently. */
let edition = 0;

function readLanguage(): Language {
  try {
    return localStorage.getItem(KEPT_AS) === "en" ? "en" : "zh";
  } catch {
    return "zh"; // storage is forbidden here: the page still works
  }
}

export function registerWords(...subjects: Words[]): void {
  Object.assign(words, ...subjects);
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

/** Entries that the service has named anew since the page was made. */
export function learnWords(entries: Words): void {
  Object.assign(words, entries);
  tell();
}

function tell(): void {
  edition += 1;
  for (const listener of listeners) listener();
}

export const currentLanguage = (): Language => language;

export function setLanguage(next: Language): void {
  language = next;
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
  try {
    localStorage.setItem(KEPT_AS, next);
  } catch {
    // kept for this page only
  }
  tell();
}

export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The words of `key` with {name} filled in; the key's last part where the catalogue has none. */
export function t(key: string, values: Values = {}): string {
  const text = words[key]?.[language] ?? key.slice(key.lastIndexOf(".") + 1);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The same in Chinese, for what goes on record: the record's own words do not change with who writes. */
export const inChinese = (key: string): string => words[key]?.zh ?? key;

export const hasWord = (key: string): boolean => key in words;

/** Whichever of two texts the server gave is in the person's language. */
export const inLanguage = (zh: string, en: string): string => (language === "zh" ? zh : en);

/** Renders again when the language is switched, or when something has a new name. */
export function useWords(): typeof t {
  useSyncExternalStore(onLanguage, () => edition);
  return t;
}

export const useLanguage = (): Language => useSyncExternalStore(onLanguage, currentLanguage);
