import page from "@words/page.json";
import states from "@words/states.json";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { DealerPage } from "@/dealer/page";
import { registerWords } from "@/shared/words";

registerWords(page, states);
const root = document.getElementById("root");
if (!root) throw new Error("the page has no root");
createRoot(root).render(
  <StrictMode>
    <DealerPage />
  </StrictMode>,
);
