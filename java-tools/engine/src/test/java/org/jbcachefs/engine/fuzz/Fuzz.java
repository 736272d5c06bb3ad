// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jbcachefs.format.error.BcachefsException;

/**
 * Runs cases: {@code Fuzz CASES SEED_BASE [THREADS]}, or {@code Fuzz --seed SEED} for one again.
 * Ends with 0 if every case did what it may and every kind of structure was hit often enough.
 */
public final class Fuzz {
  private static final long SLOW_CPU_NANOS = 10_000_000_000L;
  private static final long HANGING_WALL_NANOS = 120_000_000_000L;
  private static final int MOST_FAILURES = 20;

  private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
  private final Coverage coverage = new Coverage();
  private final AtomicLong next = new AtomicLong();
  private final List<String> failures = new ArrayList<>();
  private final Map<Thread, Long> running = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> outcomes = new ConcurrentHashMap<>();
  private final AtomicLong slowestMillis = new AtomicLong();
  private Corpus corpus;

  private Fuzz() {}

  public static void main(String[] arguments) throws InterruptedException {
    Fuzz fuzz = new Fuzz();
    boolean passed =
        (arguments.length == 2 && arguments[0].equals("--seed"))
            ? fuzz.again(Long.parseLong(arguments[1]))
            : fuzz.run(
                Integer.parseInt(arguments[0]),
                Long.parseLong(arguments[1]),
                arguments.length > 2 ? Integer.parseInt(arguments[2]) : 2);
    System.exit(passed ? 0 : 1);
  }

  /** The targets by name, each as often as its weight says. */
  private static Map<String, Target> targets() {
    Map<String, Target> targets = new LinkedHashMap<>();
    targets.put("superblock", new SuperblockTarget());
    targets.put("node", new NodeTarget());
    targets.put("key", new KeyTarget());
    targets.put("jset", new JsetTarget());
    targets.put("journal", new JournalTarget());
    targets.put("compression", new CompressionTarget());
    targets.put("image", new ImageTarget());
    return targets;
  }

  private static final List<String> WEIGHTS = weights();

  private static List<String> weights() {
    List<String> weights = new ArrayList<>();
    Map<String, Integer> of =
        Map.of(
            "superblock",
            16,
            "node",
            18,
            "key",
            28,
            "jset",
            14,
            "journal",
            5,
            "compression",
            4,
            "image",
            15);
    targets()
        .keySet()
        .forEach(name -> weights.addAll(java.util.Collections.nCopies(of.get(name), name)));
    return List.copyOf(weights);
  }

  private boolean again(long seed) {
    corpus = Corpus.gather();
    out.println("seed " + seed + " is a case of " + targetOf(random(seed)));
    runCase(seed, new Bench(corpus), targets());
    failures.forEach(out::println);
    return failures.isEmpty();
  }

  private boolean run(int cases, long seedBase, int threads) throws InterruptedException {
    long started = System.nanoTime();
    corpus = Corpus.gather();
    out.printf("fuzz: corpus gathered in %d ms%n", (System.nanoTime() - started) / 1_000_000);
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      workers.add(Thread.ofPlatform().name("fuzz-" + i).start(() -> work(cases, seedBase)));
    }
    watch(workers);
    long seconds = (System.nanoTime() - started) / 1_000_000_000;
    coverage.all().forEach((kind, count) -> out.printf("fuzz: hit %8d  %s%n", count, kind));
    outcomes.forEach((name, count) -> out.printf("fuzz: outcome %8d  %s%n", count.get(), name));
    List<String> thin = Expected.tooThin(coverage, cases);
    thin.forEach(kind -> out.println("fuzz: TOO FEW HITS of " + kind));
    failures.forEach(out::println);
    out.printf(
        "fuzz: %d cases, seeds %d to %d, %d failures, slowest %d ms, %d s%n",
        Math.min(next.get(), cases),
        seedBase,
        seedBase + cases - 1,
        failures.size(),
        slowestMillis.get(),
        seconds);
    return failures.isEmpty() && thin.isEmpty();
  }

  private void work(int cases, long seedBase) {
    Bench bench = new Bench(corpus);
    Map<String, Target> targets = targets();
    for (long i = next.getAndIncrement(); i < cases; i = next.getAndIncrement()) {
      if (failureCount() >= MOST_FAILURES) {
        return;
      }
      runCase(seedBase + i, bench, targets);
    }
  }

  private static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  private static String targetOf(RandomGenerator random) {
    return WEIGHTS.get(random.nextInt(WEIGHTS.size()));
  }

  private void runCase(long seed, Bench bench, Map<String, Target> targets) {
    RandomGenerator random = random(seed);
    String name = targetOf(random);
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long cpu = threads.getCurrentThreadCpuTime();
    running.put(Thread.currentThread(), System.nanoTime());
    String outcome = "decoded";
    try {
      targets.get(name).run(bench, new Mutator(random, coverage));
    } catch (BcachefsException e) {
      outcome = e.getClass().getSimpleName();
    } catch (Throwable defect) {
      outcome = "DEFECT";
      fail(seed, name, defect);
    } finally {
      running.remove(Thread.currentThread());
    }
    outcomes.computeIfAbsent(name + " " + outcome, _ -> new AtomicLong()).incrementAndGet();
    long used = threads.getCurrentThreadCpuTime() - cpu;
    slowestMillis.accumulateAndGet(used / 1_000_000, Math::max);
    if (used > SLOW_CPU_NANOS) {
      fail(seed, name, new AssertionError("took " + used / 1_000_000 + " ms"));
    }
  }

  private void fail(long seed, String target, Throwable defect) {
    StringBuilder text = new StringBuilder();
    text.append("fuzz: FAILED ").append(target).append(" seed ").append(seed).append(": ");
    text.append(defect).append('\n');
    Throwable cause = defect;
    while (cause != null) {
      for (int i = 0; i < Math.min(12, cause.getStackTrace().length); i++) {
        text.append("    at ").append(cause.getStackTrace()[i]).append('\n');
      }
      cause = cause.getCause();
    }
    text.append("fuzz: reproduce with: tests/fuzz/run --seed ").append(seed);
    synchronized (failures) {
      failures.add(text.toString());
    }
  }

  private int failureCount() {
    synchronized (failures) {
      return failures.size();
    }
  }

  /** Waits for the workers; a case that hangs ends the run with its stack. */
  private void watch(List<Thread> workers) throws InterruptedException {
    for (Thread worker : workers) {
      while (!worker.join(java.time.Duration.ofSeconds(1))) {
        running.forEach(this::checkHanging);
      }
    }
  }

  private void checkHanging(Thread worker, long since) {
    if (System.nanoTime() - since > HANGING_WALL_NANOS) {
      out.println("fuzz: FAILED: a case hangs, near seed base + " + next.get());
      for (StackTraceElement element : worker.getStackTrace()) {
        out.println("    at " + element);
      }
      System.exit(1);
    }
  }
}
