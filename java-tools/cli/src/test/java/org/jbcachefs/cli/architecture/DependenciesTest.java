// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class DependenciesTest {
  private static final String ROOT = "org.jbcachefs.";

  private JavaClasses classes;

  @BeforeAll
  void readAllModules() {
    classes =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            // What other modules' tests share comes in jars.
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("org.jbcachefs");
    assertTrue(classes.size() > 300, () -> "only " + classes.size() + " classes were found");
  }

  @Test
  void modulesDependOneWay() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("format")
        .definedBy(ROOT + "format..")
        .layer("block")
        .definedBy(ROOT + "block..")
        .layer("engine")
        .definedBy(ROOT + "engine..")
        .layer("fuse")
        .definedBy(ROOT + "fuse..")
        .layer("cli")
        .definedBy(ROOT + "cli..")
        .whereLayer("cli")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("fuse")
        .mayOnlyBeAccessedByLayers("cli")
        .whereLayer("engine")
        .mayOnlyBeAccessedByLayers("fuse", "cli")
        .whereLayer("block")
        .mayOnlyBeAccessedByLayers("engine", "fuse", "cli")
        .whereLayer("format")
        .mayOnlyBeAccessedByLayers("block", "engine", "fuse", "cli")
        .check(classes);
  }

  @Test
  void blockKnowsOnlyTheErrorsOfTheFormat() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "block..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + "format.sb..",
            ROOT + "format.bkey..",
            ROOT + "format.journal..",
            ROOT + "format.node..",
            ROOT + "format.value..",
            ROOT + "format.extent..",
            ROOT + "format.tables..")
        .check(classes);
  }

  @Test
  void packagesOfTheFormatDoNotDependOnEachOtherInCircles() {
    slices().matching(ROOT + "format.(*)..").should().beFreeOfCycles().check(classes);
  }

  @Test
  void theFormatDoesNoInputOrOutputAndStartsNoThread() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "format..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "java.nio.channels..", "java.nio.file..", "java.util.concurrent..", "java.net..")
        .check(classes);
  }

  @Test
  void nobodyUsesALoggingFramework() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.util.logging..", "org.slf4j..", "org.apache..")
        .check(classes);
  }

  @Test
  void onlyTheCommandLineKnowsPicocliAndJackson() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + "cli..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("picocli..", "com.fasterxml..")
        .check(classes);
  }

  @Test
  void onlyTheProgramItselfEndsTheProcess() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName(ROOT + "cli.Cli")
        .and()
        .doNotHaveFullyQualifiedName(ROOT + "cli.TrainingRun")
        .should()
        .callMethod(System.class, "exit", int.class)
        .check(classes);
  }
}
