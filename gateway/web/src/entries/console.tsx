import consoleWords from "@words/console.json";
import desk from "@words/desk.json";
import events from "@words/events.json";
import map from "@words/map.json";
import page from "@words/page.json";
import record from "@words/record.json";
import scores from "@words/scores.json";
import states from "@words/states.json";
import { ConsolePage } from "@/console/page";
import { mountDesk } from "@/shared/desk";
import { registerWords } from "@/shared/words";

registerWords(consoleWords, desk, events, map, page, record, scores, states);
mountDesk("page.console", ["dispatcher", "admin"], <ConsolePage />);
