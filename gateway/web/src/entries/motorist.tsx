import motorist from "@words/motorist.json";
import page from "@words/page.json";
import states from "@words/states.json";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { MotoristPage } from "@/motorist/page";
import { registerWords } from "@/shared/words";

registerWords(motorist, page, states);
const root = document.getElementById("root");
if (!root) throw new Error("the page has no root");
createRoot(root).render(
  <StrictMode>
    <MotoristPage />
  </StrictMode>,
);
