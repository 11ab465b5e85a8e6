import dealer from "@words/dealer.json";
import page from "@words/page.json";
import record from "@words/record.json";
import scores from "@words/scores.json";
import states from "@words/states.json";
import { DealerPage } from "@/dealer/page";
import { mountPage } from "@/shared/mount";
import { registerWords } from "@/shared/words";

registerWords(dealer, page, record, scores, states);
mountPage(<DealerPage />);
