<?php

// Does works of a contestant when it is told to, and sleeps in between. worker.c says what
// it is told: show WORK, or run WORK TIMES.

declare(strict_types=1);

/** A variable of the environment that must be there. */
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
