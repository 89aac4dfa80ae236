<?php

// php php/tests/fuzz.php [--seed=NUMBER] SECONDS PATH...
//
// Runs the inputs in these files and folders, then changed ones until the time is over. Compares
// each call of Captoken\Capability with a model in plain PHP. Run `make` first.
//
// If a call differs, writes the input to fuzz/php in the target folder, and exits with 1. While PHP
// runs an input, it is in the file `current` there, in case PHP itself ends.

declare(strict_types=1);

use Captoken\Tests\Fuzz\Calls;
use Captoken\Tests\Fuzz\Mutator;
use Captoken\Tests\Fuzz\Run;
use Captoken\Tests\Ini;

require __DIR__ . '/support/Ini.php';
require __DIR__ . '/support/Process.php';
require __DIR__ . '/support/TempFolder.php';
Ini::isolate();
foreach (['Calls', 'Model', 'Mutator', 'Run'] as $class) {
    require __DIR__ . "/fuzz/$class.php";
}

$root = dirname(__DIR__, 2);
$target = getenv('CARGO_TARGET_DIR') ?: 'target';
$target = str_starts_with($target, '/') ? $target : "$root/$target";
putenv("CAPTOKEN_LIB=$target/release/libcaptoken.so");
require "$root/php/autoload.php";

// A message of PHP is a failure. The model's patterns need more than the defaults.
error_reporting(-1);
ini_set('display_errors', 'stderr');
ini_set('pcre.jit', '0');
ini_set('pcre.backtrack_limit', '100000000');
set_error_handler(static function (int $severity, string $message, string $file, int $line): never {
    throw new ErrorException($message, 0, $severity, $file, $line);
});

$arguments = array_slice($argv, 1);
$seed = random_int(0, 2 ** 31 - 1);
if (str_starts_with($arguments[0] ?? '', '--seed=')) {
    $seed = (int) substr(array_shift($arguments), strlen('--seed='));
}
$seconds = array_shift($arguments);
if ($seconds === null || !ctype_digit($seconds)) {
    fwrite(STDERR, "usage: php php/tests/fuzz.php [--seed=NUMBER] SECONDS PATH...\n");
    exit(2);
}
mt_srand($seed);

$folder = "$target/fuzz/php";
is_dir($folder) || mkdir($folder, recursive: true);
$current = fopen("$folder/current", 'w');
$corpus = Calls::seeds();
foreach ($arguments as $path) {
    foreach (is_dir($path) ? array_filter(glob("$path/*"), is_file(...)) : [$path] as $file) {
        $corpus[] = file_get_contents($file);
    }
}

/** Runs an input, and returns what its calls have done. */
$run = static function (string $input) use ($current, $folder): array {
    rewind($current);
    ftruncate($current, 0);
    fwrite($current, $input);
    try {
        return Run::of($input);
    } catch (Throwable $e) {
        $file = "$folder/" . substr(sha1($input), 0, 16);
        file_put_contents($file, $input);
        fwrite(STDERR, sprintf(
            "%s\nThe input is in %s. Run it again: php php/tests/fuzz.php 0 %s\n",
            $e instanceof UnexpectedValueException ? $e->getMessage() : $e,
            $file,
            escapeshellarg($file),
        ));
        exit(1);
    }
};

$size = count($corpus);
// Changed inputs whose calls do something else are kept.
$known = [];
foreach ($corpus as $input) {
    $known += $run($input);
}

$start = microtime(true);
for ($count = 0; microtime(true) - $start < (int) $seconds; $count++) {
    $input = Mutator::mutate($corpus);
    $outcomes = $run($input);
    if (array_diff_key($outcomes, $known) !== []) {
        $known += $outcomes;
        $corpus[] = $input;
    }
    if ($count % 20000 === 0) {
        // PHP, FFI and the caches of both have what they need after the first passes.
        $used = array_fill(0, 20, 0);
        for ($i = 0; $i < 20; $i++) {
            array_map($run, [...Calls::seeds(), ...array_slice($corpus, -20)]);
            gc_collect_cycles();
            $used[$i] = memory_get_usage();
        }
        if ($used[19] > $used[9]) {
            $kept = $used[19] - $used[9];
            fwrite(STDERR, "ten passes over the same inputs keep $kept bytes of memory\n");
            exit(1);
        }
    }
}
printf(
    "seed %d: %d known inputs, then %d changed ones, %d a second, of which %d were new\n",
    $seed,
    $size,
    $count,
    $count / max(1, (int) $seconds),
    count($corpus) - $size,
);
