# What the build must know of the board's chip: an invented one.
set(OTA_PORT template)     # its generation's folder, in port/
set(OTA_CHIP template)     # its vectors_<chip>.c there
set(OTA_CORE cortex-m4)
set(OTA_OWN spi.c usart.c) # there too, instead of those of port/stm32
