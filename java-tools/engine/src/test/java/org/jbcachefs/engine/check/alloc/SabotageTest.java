// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.alloc.ContributionSink;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.CheckRun;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever contribution is left out of the sums, a sound filesystem no longer looks sound. */
class SabotageTest {
  @ParameterizedTest
  @CsvSource({
    "inode, default-1dev, accounting_mismatch",
    "reserved, nocow, accounting_mismatch",
    "replicas, default-1dev, accounting_mismatch",
    "compressed, compression-all, accounting_mismatch",
    "snapshot, snapshots, accounting_mismatch",
    "node, default-1dev, accounting_mismatch",
    "extent, default-1dev, accounting_mismatch",
    "pointer, default-1dev, alloc_key_dirty_sectors_wrong",
    "stripeBlock, ec-6dev, stripe_sector_count_wrong",
    "stripeBucket, ec-6dev, alloc_key_stripe_wrong",
    "reconcileWork, many-devices, accounting_mismatch",
  })
  void aContributionThatIsLeftOutIsMissed(String what, String image, String error) {
    CheckAllocations pass = new CheckAllocations(sink -> without(what, sink));
    CheckOptions options = CheckOptions.defaults().withThreads(2);
    CheckRun run = CheckRun.of(image, GoldenImages.open(image), options, List.of(pass));
    Set<String> names = new TreeSet<>();
    run.findings().stream().map(CheckFinding::name).forEach(names::add);
    assertTrue(names.contains(error), () -> "without " + what + ": " + names);
  }

  @ParameterizedTest
  @CsvSource({"nothing, default-1dev", "nothing, ec-6dev"})
  void whereNothingIsLeftOutNothingIsMissed(String what, String image) {
    CheckAllocations pass = new CheckAllocations(sink -> without(what, sink));
    CheckOptions options = CheckOptions.defaults().withThreads(2);
    assertEquals("", CheckRun.of(image, GoldenImages.open(image), options, List.of(pass)).text());
  }

  /** The sum is the same however often the buckets are gone over. */
  @ParameterizedTest
  @CsvSource({"default-1dev", "ec-6dev", "many-devices", "old-version-1.13"})
  void bucketsThatDoNotFitIntoMemoryAreDoneInSlices(String image) {
    CheckOptions options =
        CheckOptions.defaults().withThreads(2).withMemory(2 * BucketTable.CHUNK_BYTES);
    CheckRun run =
        CheckRun.of(
            image,
            GoldenImages.open(image),
            options,
            List.of(
                new CheckAllocations(),
                new CheckBtreeBackpointers(),
                new CheckExtentsToBackpointers()));
    assertEquals("", run.text());
  }

  private static ContributionSink without(String what, ContributionSink sink) {
    return (ContributionSink)
        Proxy.newProxyInstance(
            SabotageTest.class.getClassLoader(),
            new Class<?>[] {ContributionSink.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals(what)) {
                return null;
              }
              try {
                return method.invoke(sink, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
