<?php

// Installs the package once, as users do, so that all tests run against an installation.
// CAPTOKEN_PHP_DIR names the folder of another installation to test instead.

declare(strict_types=1);

namespace Captoken\Tests;

foreach (glob(__DIR__ . '/support/*.php') as $file) {
    require_once $file;
}

// Workers of php-fpm and Apache read the tests' files as other users.
umask(022);

Ini::isolate();

// If Ini could not restart this process, it still has the variable of the developer's shell.
putenv('CAPTOKEN_LIB');

require Package::folder() . '/autoload.php';
