<?php

// Runs workloads on request and otherwise sleeps. worker.c explains the orders `show WORK` and
// `run WORK TIMES`.

declare(strict_types=1);

/** Returns an environment variable that must be set. */
function input(string $name): string
{
    $value = getenv($name);
    if ($value === false) {
        throw new RuntimeException("$name is not set");
    }
    return $value;
}

/** @param array<string, Closure(): string> $works */
function obey(array $works): void
{
    while (($line = fgets(STDIN)) !== false) {
        [$order, $name, $times] = explode(' ', rtrim($line)) + [2 => '0'];
        $work = $works[$name];
        if ($order === 'show') {
            echo $work(), "\n";
            continue;
        }
        $start = hrtime(true);
        for ($i = (int) $times; $i > 0; $i--) {
            $work();
        }
        echo hrtime(true) - $start, "\n";
    }
}
