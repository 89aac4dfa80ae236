module captoken

go 1.19
