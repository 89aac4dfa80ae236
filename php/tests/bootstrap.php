<?php

// Installs the package once, as users do, so that all tests run against an installation.
// CAPTOKEN_PHP_DIR names the folder of another one to test instead.

declare(strict_types=1);

namespace Captoken\Tests;

foreach (glob(__DIR__ . '/support/*.php') as $file) {
    require_once $file;
}

// What the tests load is what is installed, whatever the developer has set.
putenv('CAPTOKEN_LIB');

require Package::folder() . '/autoload.php';
