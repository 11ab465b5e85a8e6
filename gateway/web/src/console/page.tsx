import { useEffect, useState } from "react";
import { LiveMap } from "@/map/live";
import { TopBar } from "@/shared/desk";
import { Feed } from "@/shared/feed";
import { sessionEnded } from "@/shared/session";

export function ConsolePage() {
  const [feed] = useState(() => new Feed(sessionEnded));
  useEffect(() => {
    feed.start();
    return () => feed.stop();
  }, [feed]);
  return (
    <div style={{ display: "grid", gridTemplateRows: "auto 1fr", height: "100%" }}>
      <TopBar title="page.console" />
      <LiveMap
        feed={feed}
        selected={null}
        followed={null}
        lines={[]}
        spot={null}
        focus={null}
        onCase={() => {}}
        onVehicle={() => {}}
        onDealer={() => {}}
        onPick={null}
      />
    </div>
  );
}
