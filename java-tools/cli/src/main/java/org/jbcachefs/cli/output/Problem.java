// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.output;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.error.RefusedException;

/**
 * Something that a user must be told: one line on standard error, one element of "errors" in JSON.
 *
 * @param kind a stable name of the kind: corruption, device, lost_data, not_found, passphrase,
 *     refused, usage, io, missing_member, not_kept, internal
 * @param where the path, device or command concerned; empty if none
 * @param what what is wrong, what was expected, what to do; one line
 * @param details further JSON fields
 */
public record Problem(String kind, String where, String what, Map<String, Object> details) {
  public Problem(String kind, String where, String what) {
    this(kind, where, what, Map.of());
  }

  /** An exception of the format's family; {@code where} is prepended to its own place. */
  public static Problem of(String where, BcachefsException e) {
    String place = e.place().toString();
    String at = where.isEmpty() || place.isEmpty() ? where + place : where + ": " + place;
    return new Problem(kind(e), at, e.getMessage(), details(where, e));
  }

  public static Problem of(BcachefsException e) {
    return of("", e);
  }

  private static String kind(BcachefsException e) {
    return switch (e) {
      case CorruptionException c -> "corruption";
      case DeviceException d -> "device";
      case LostDataException l -> "lost_data";
      case NotFoundException n -> "not_found";
      case PassphraseException p -> "passphrase";
      case PosixException p -> "posix";
      case RefusedException r -> "refused";
    };
  }

  private static Map<String, Object> details(String where, BcachefsException e) {
    Map<String, Object> details = new LinkedHashMap<>();
    if (e instanceof CorruptionException corruption) {
      details.put("error", corruption.errorName());
    }
    if (e instanceof RefusedException refused) {
      details.put("reason", refused.reason());
    }
    if (!where.isEmpty()) {
      details.put("path", where);
    }
    Place place = e.place();
    details.put("device", place.device());
    details.put("offset", place.offset() < 0 ? null : place.offset());
    details.put("structure", place.structure());
    details.put("position", place.position());
    return details;
  }

  /** {@code WHERE: WHAT}. */
  public String sentence() {
    return where.isEmpty() ? what : where + ": " + what;
  }

  void write(JsonWriter json) {
    json.beginObject().field("kind", kind).field("where", where.isEmpty() ? null : where);
    json.field("message", what);
    details.forEach((key, value) -> json.key(key).value(value));
    json.endObject();
  }
}
