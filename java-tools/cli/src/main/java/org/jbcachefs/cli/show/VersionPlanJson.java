// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.engine.sb.version.VersionPlan;
import org.jbcachefs.engine.sb.version.VersionRow;
import org.jbcachefs.format.tables.Feature;

/** What an upgrade or downgrade takes, as JSON. Immutable. */
final class VersionPlanJson {
  private final VersionPlan plan;

  VersionPlanJson(VersionPlan plan) {
    this.plan = plan;
  }

  /** One object. */
  void write(JsonWriter json) {
    fields(json.beginObject()).endObject();
  }

  /** The same, and whether it has been carried out. */
  void write(JsonWriter json, boolean upgraded) {
    fields(json.beginObject()).field("upgraded", upgraded).endObject();
  }

  private JsonWriter fields(JsonWriter json) {
    json.field("policy", plan.policy().toString())
        .field("direction", plan.direction().name().toLowerCase(Locale.ROOT));
    SuperblockJson.version(json, "from", plan.from());
    SuperblockJson.version(json, "to", plan.to());
    json.field("required", plan.required())
        .field("unfinished", plan.unfinished())
        .field("refused", plan.refused());
    change(json, plan.passes(), plan.errors());
    SuperblockJson.strings(json, "already_required", SectionJson.passNames(plan.alreadyRequired()));
    rows(json, "because_of", plan.rows());
    rows(json, "if_allowed_while_mounted", plan.whenAllowedWhileMounted());
    rows(json, "going_back", plan.goingBack());
    SuperblockJson.version(json, "incompatible_allowed_before", plan.allowedBefore());
    SuperblockJson.version(json, "incompatible_allowed_after", plan.allowedAfter());
    notUndone(json);
    return json;
  }

  private void notUndone(JsonWriter json) {
    json.beginObject("not_undone");
    if (plan.incompatibleInUse() == 0) {
      json.nothing("incompatible_in_use");
    } else {
      SuperblockJson.version(json, "incompatible_in_use", plan.incompatibleInUse());
    }
    json.field("major_version", plan.crossesMajor());
    features(json, "features", plan.features());
    features(json, "new_features", plan.newFeatures());
    json.endObject();
  }

  private static void features(JsonWriter json, String key, Set<Feature> features) {
    SuperblockJson.strings(json, key, features.stream().map(Feature::toString).toList());
  }

  private static void rows(JsonWriter json, String key, List<VersionRow> rows) {
    json.beginArray(key);
    for (VersionRow row : rows) {
      json.beginObject();
      SuperblockJson.version(json, "version", row.version());
      change(json, row.passes(), row.errors());
      json.endObject();
    }
    json.endArray();
  }

  private static void change(JsonWriter json, long passes, List<Integer> errors) {
    SuperblockJson.strings(json, "recovery_passes", SectionJson.passNames(passes));
    SuperblockJson.strings(json, "errors_silent", SectionJson.errorNames(errors));
  }
}
