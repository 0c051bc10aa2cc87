package io.understudy.systemtests;

import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Which package may know which, and what code that both a primary and a standby execute must not
 * ask: anything that could answer the two differently.
 */
@AnalyzeClasses(
    packages = "io.understudy",
    importOptions = {DoNotIncludeTests.class, ArchitectureTest.NoTestJars.class})
class ArchitectureTest {
  /** Other modules' tests come as jars, and may know the broker. */
  static final class NoTestJars implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  private static final String OURS = "io.understudy..";

  @ArchTest
  static final ArchRule ARROWS_POINT_ONE_WAY =
      layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage(OURS)
          .layer("schemas")
          .definedBy("io.understudy.schemas..")
          .layer("kvm")
          .definedBy("io.understudy.kvm..")
          .layer("machine")
          .definedBy("io.understudy.machine..")
          .layer("log")
          .definedBy("io.understudy.log..")
          .layer("broker")
          .definedBy("io.understudy.broker..")
          .layer("capture")
          .definedBy("io.understudy.capture..")
          .layer("replay")
          .definedBy("io.understudy.replay..")
          .layer("failover")
          .definedBy("io.understudy.failover..")
          .layer("cli")
          .definedBy("io.understudy.cli..")
          .layer("system tests")
          .definedBy("io.understudy.systemtests..")
          .whereLayer("schemas")
          .mayNotAccessAnyLayer()
          .whereLayer("kvm")
          .mayNotAccessAnyLayer()
          .whereLayer("broker")
          .mayNotAccessAnyLayer()
          .whereLayer("machine")
          .mayOnlyAccessLayers("schemas", "kvm")
          .whereLayer("log")
          .mayOnlyAccessLayers("schemas")
          .whereLayer("capture")
          .mayOnlyAccessLayers("schemas", "kvm", "machine", "log")
          .whereLayer("replay")
          .mayOnlyAccessLayers("schemas", "kvm", "machine", "log")
          .whereLayer("failover")
          .mayOnlyAccessLayers("schemas", "kvm", "machine", "log", "capture", "replay")
          .whereLayer("cli")
          .mayOnlyBeAccessedByLayers("system tests")
          .whereLayer("system tests")
          .mayNotBeAccessedByAnyLayer();

  @ArchTest
  static final ArchRule ONLY_KVM_KNOWS_JNA =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.understudy.kvm..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.sun.jna..");

  @ArchTest
  static final ArchRule NO_CLOCK_IN_THE_MACHINE =
      noClasses()
          .that(areReplayed())
          .should()
          .callMethodWhere(
              calls("java.lang.System", "nanoTime|currentTimeMillis")
                  .or(
                      calls(
                          "java.time.(Instant|LocalDateTime|ZonedDateTime|Clock)", "now|system.*")))
          .because("time comes from ClockAdvanced events only");

  @ArchTest
  static final ArchRule NO_CHANCE_IN_THE_MACHINE =
      noClasses()
          .that(areReplayed())
          .should()
          .dependOnClassesThat()
          .belongToAnyOf(Random.class, ThreadLocalRandom.class)
          .orShould()
          .callMethod(UUID.class, "randomUUID")
          .orShould()
          .callMethod(Math.class, "random")
          .orShould()
          .callMethod(System.class, "identityHashCode", Object.class)
          .because("a replay would draw other numbers");

  @ArchTest
  static final ArchRule NO_THREADS_IN_THE_MACHINE =
      noClasses()
          .that(areReplayed())
          .should()
          .callMethodWhere(
              calls("java.lang.Thread", "start")
                  .or(calls("java\\.util\\..*", "parallelStream|parallel"))
                  .or(calls("java.util.concurrent.Executors", ".*")))
          .because("the order in which threads run differs from run to run");

  @ArchTest
  static final ArchRule NO_FILES_IN_THE_MACHINE =
      noClasses()
          .that(areReplayed())
          .and()
          .haveNameNotMatching(
              ".*\\.(GuestImage|GuestImages|KernelFile|LinuxGuest|GuestFiles|FileDisk|FileBaseImage)")
          .should()
          .dependOnClassesThat(
              nameMatching(
                  "java\\.nio\\.file\\.Files|java\\.nio\\.channels\\.FileChannel"
                      + "|java\\.io\\.(File.*|RandomAccessFile)"))
          .because("files differ between hosts; the digests of images are in the run's header");

  @ArchTest
  static final ArchRule ONLY_THE_COMMAND_ENDS_THE_PROCESS =
      noClasses()
          .that()
          .resideOutsideOfPackages("io.understudy.cli..", "io.understudy.systemtests..")
          .and()
          .doNotHaveFullyQualifiedName("io.understudy.log.CrashPoint")
          .and()
          .doNotHaveFullyQualifiedName("io.understudy.log.CrashPoint$Armed")
          .should()
          .callMethodWhere(
              calls("java.lang.System", "exit").or(calls("java.lang.Runtime", "exit|halt")))
          .because("a class that ends the process cannot be tested, nor closed in order");

  /** That it has no other names than its own is what the compiler sees to. */
  @ArchTest
  static final ArchRule CRASH_POINTS_ARE_WHERE_LOG_AND_OUTPUT_ARE =
      noClasses()
          .that(areReplayed())
          .or()
          .resideInAPackage("io.understudy.capture.console..")
          .or()
          .resideInAPackage("io.understudy.failover.front..")
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("io.understudy.log.CrashPoint")
          .because("what both sides execute must not know of tests, nor must what clients talk to");

  @ArchTest
  static final ArchRule THE_PRODUCT_ARMS_NO_CRASH_POINT =
      noClasses()
          .that()
          .resideOutsideOfPackages("io.understudy.systemtests..", "io.understudy.log..")
          .should()
          .accessField("io.understudy.log.CrashPoint", "PROPERTY")
          .orShould()
          .callMethod(System.class, "setProperty", String.class, String.class);

  /** Guards the rules above against packages that were renamed: they would hold for nothing. */
  @ArchTest
  static final ArchRule REPLAYED_CLASSES_EXIST =
      classes()
          .that()
          .haveFullyQualifiedName("io.understudy.replay.Replayer")
          .or()
          .haveFullyQualifiedName("io.understudy.machine.Machine")
          .should()
          .resideInAnyPackage("io.understudy.replay", "io.understudy.machine")
          .allowEmptyShould(false);

  private static DescribedPredicate<JavaClass> areReplayed() {
    return DescribedPredicate.describe(
        "are executed by primary and standby alike",
        type ->
            type.getPackageName().equals("io.understudy.machine")
                || type.getPackageName().startsWith("io.understudy.machine.")
                || type.getName().equals("io.understudy.replay.Replayer")
                || type.getName().startsWith("io.understudy.replay.Replayer$"));
  }

  private static DescribedPredicate<JavaMethodCall> calls(String owners, String methods) {
    return DescribedPredicate.describe(
        "call " + owners + "." + methods,
        call ->
            call.getTargetOwner().getName().matches(owners)
                && call.getTarget().getName().matches(methods));
  }
}
