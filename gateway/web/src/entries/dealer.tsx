import dealer from "@words/dealer.json";
import page from "@words/page.json";
import record from "@words/record.json";
import scores from "@words/scores.json";
import states from "@words/states.json";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { DealerPage } from "@/dealer/page";
import { registerWords } from "@/shared/words";

registerWords(dealer, page, record, scores, states);
const root = document.getElementById("root");
if (!root) throw new Error("the page has no root");
createRoot(root).render(
  <StrictMode>
    <DealerPage />
  </StrictMode>,
);
