/** What is known of the caller, asked for while the number and the plate are typed. Each look is put on record. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, told } from "@/shared/api";

const PAUSE_MS = 350;
const WHOLE_PHONE = 7;
const WHOLE_PLATE = 7;

/** `value` once it has stood still. */
export function useSettled<T>(value: T, pauseMs: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), pauseMs);
    return () => window.clearTimeout(timer);
  }, [value, pauseMs]);
  return settled;
}

const digits = (text: string): string => text.replace(/\D/g, "");

export function useCallerFile(typedPhone: string, typedPlate: string) {
  const wholePhone = digits(typedPhone).length >= WHOLE_PHONE ? typedPhone.trim() : "";
  const wholePlate = typedPlate.trim().length >= WHOLE_PLATE ? typedPlate.trim() : "";
  const phone = useSettled(wholePhone, PAUSE_MS);
  const plate = useSettled(wholePlate, PAUSE_MS);
  const file = useQuery({
    queryKey: ["caller", phone, plate],
    queryFn: () => told(api.GET("/api/v1/callers", { params: { query: { phone, plate } } })),
    enabled: phone !== "" || plate !== "",
    staleTime: 60_000,
    gcTime: 0, // somebody's file does not stay behind when the form is gone
  });
  // While another number is being typed, the file is that of nobody.
  return phone === wholePhone && plate === wholePlate ? file : { ...file, data: undefined };
}
