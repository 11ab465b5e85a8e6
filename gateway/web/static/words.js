// The service's own catalogue of words, in Chinese or English.

let words = {};
let language = localStorage.getItem("language") === "en" ? "en" : "zh";

export async function loadWords() {
  const answer = await fetch("/api/v1/catalogue");
  if (answer.ok) words = await answer.json();
}

export const currentLanguage = () => language;

export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("language", language);
}

// The words of `key` with {name} filled in; the key's last part where the catalogue has none.
export function word(key, values = {}) {
  const text = words[key]?.[language] ?? key.slice(key.lastIndexOf(".") + 1);
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// Writes the words into everything that names them.
export function writeWords(root = document) {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of root.querySelectorAll("[data-label]")) {
    element.title = word(element.dataset.label);
    element.setAttribute("aria-label", element.title);
  }
}
